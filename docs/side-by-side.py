#!/usr/bin/env python3
"""Measures docs/side-by-side.md: runs Terraform with its AWS provider and stackctl on one emulator, for the same changes.

    docs/side-by-side.py --stackctl STACKCTL --plugins FOLDER --python PYTHON

FOLDER holds the AWS provider, as `terraform init -plugin-dir` takes it; PYTHON has moto with its server, and boto3. What both print
is put into the page between `<!-- captured NAME -->` and `<!-- end -->`, whole or with what is left out counted.
"""

import argparse
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE / "side-by-side.md"
# Lines of one output on the page.
MOST = 46

PROVIDER = """terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    ec2 = "URL"
    iam = "URL"
    sqs = "URL"
    sts = "URL"
  }
}
"""
STACK = '[stack]\nname = "demo"\nregion = "eu-west-1"\n\n[targets.moto]\nendpoint_url = "URL"\n\n'


def role_tf(action, resource):
    return f"""
resource "aws_iam_role" "loader" {{
  name = "demo-loader"
  assume_role_policy = jsonencode({{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Principal = {{ Service = "ec2.amazonaws.com" }}, Action = "sts:AssumeRole" }} ] }})
}}
resource "aws_iam_role_policy" "files" {{
  name = "files"
  role = aws_iam_role.loader.id
  policy = jsonencode({{ Version = "2012-10-17", Statement = [
    {{ Sid = "Read", Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }},
    {{ Sid = "Write", Effect = "Allow", Action = "{action}", Resource = "{resource}" }} ] }})
}}
"""


def role_toml(action, resource):
    return f"""[iam_role.loader]
assumed_by = "ec2.amazonaws.com"

[[iam_role.loader.policies.files.Statement]]
Sid = "Read"
Effect = "Allow"
Action = ["s3:GetObject", "s3:ListBucket"]
Resource = "*"

[[iam_role.loader.policies.files.Statement]]
Sid = "Write"
Effect = "Allow"
Action = "{action}"
Resource = "{resource}"
"""


def group_tf(port):
    return f"""
resource "aws_vpc" "main" {{
  cidr_block = "10.0.0.0/16"
}}
resource "aws_security_group" "web" {{
  name   = "demo-web"
  vpc_id = aws_vpc.main.id
  ingress {{
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }}
  ingress {{
    protocol    = "tcp"
    from_port   = {port}
    to_port     = {port}
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}
"""


def group_toml(port):
    return f"""[vpc.main]
cidr_block = "10.0.0.0/16"

[security_group.web]
description = "web"
vpc_id = "${{vpc.main.id}}"
ingress = [{{ port = 443, cidr = "0.0.0.0/0" }}, {{ port = {port}, cidr = "0.0.0.0/0" }}]
"""


def queue_tf(name, seconds=120):
    return f"""
resource "aws_sqs_queue" "jobs" {{
  name                       = "{name}"
  visibility_timeout_seconds = {seconds}
}}
output "url" {{ value = aws_sqs_queue.jobs.url }}
output "pin" {{
  value     = aws_sqs_queue.jobs.arn
  sensitive = true
}}
"""


def queue_toml(name, seconds=120):
    return f"""[queue.jobs]
name = "{name}"
visibility_timeout = {seconds}

[outputs]
url = "${{queue.jobs.url}}"
pin = {{ value = "${{queue.jobs.arn}}", sensitive = true }}
"""


BAD_TF = """
resource "aws_sqs_queue" "x" {
  visibility_timeot = 1
  redrive_policy    = aws_sqs_queue.nope.arn
}
"""
BAD_TOML = """[queue.x]
visibility_timeot = 1
dead_letter = "${queue.nope.arn}"
"""


class Side:
    """A folder of one of the two, and how it is called."""

    def __init__(self, url, options, terraform):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.url, self.options, self.terraform = url, options, terraform
        # Nobody's own credentials and settings; the plugins are where init has put them.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1", "COLUMNS": "100",
                    "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
        if terraform:
            self.write("")
            self.run("init", "-plugin-dir", options.plugins)

    def write(self, text):
        head, name = (PROVIDER, "main.tf") if self.terraform else (STACK, "stack.toml")
        (self.folder / name).write_text(head.replace("URL", self.url) + text)

    def run(self, *words):
        if self.terraform:
            command = ["terraform", *words, "-no-color"]
        else:
            command = [self.options.stackctl, *words]
            if words[0] != "validate":
                command += ["--target", "moto"]
        done = subprocess.run(command, cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout

    def apply(self):
        return self.run("apply", "-auto-approve" if self.terraform else "--auto-approve")


def normal(text):
    """What differs from run to run and says nothing."""
    text = re.sub(r"127\\.0\\.0\\.1:\d+|127\.0\.0\.1:\d+", "127.0.0.1:5000", text)
    text = re.sub(r"\b(sg|vpc|subnet)-[0-9a-f]{8,17}\b", r"\1-0f3c…", text)
    text = re.sub(r"request(?: |ID: |Id: )[0-9A-Za-z-]{20,}|RequestID: [0-9A-Za-z-]+", "request …", text)
    return text.strip("\n")


def block(name, text):
    lines = normal(text).split("\n")
    more = len(lines) - MOST
    shown = lines[:MOST] + ([f"… and {more} more lines"] if more > 0 else [])
    return f"{name} ({len(lines)} lines):\n\n```\n" + "\n".join(line.rstrip() for line in shown) + "\n```\n"


def put(name, terraform, ours):
    """Puts both into the page."""
    text = block("Terraform", terraform) + "\n" + block("stackctl", ours)
    page, times = re.subn(rf"(<!-- captured {name} -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}\n{text}\n{found[2]}", PAGE.read_text(), flags=re.S)
    if times != 1:
        print(f"{name} has no place in {PAGE}")
    PAGE.write_text(page)


def measure(options, url, boto):

    def both(name, tf, toml, *words, last=0):
        texts = []
        for side, text in [(terraform, tf), (ours, toml)]:
            side.write(text)
            texts.append(side.run(*(words[0] if side.terraform else words[1])))
        texts = ["\n".join(text.strip().split("\n")[-last:]) for text in texts]
        put(name, *texts)

    plan = (["plan"], ["plan"])
    terraform, ours = Side(url("a"), options, True), Side(url("b"), options, False)
    both("new", group_tf(80), group_toml(80), *plan)
    for side, text in [(terraform, group_tf(80)), (ours, group_toml(80))]:
        side.write(text)
        side.apply()
    both("rule", group_tf(22), group_toml(22), *plan)

    terraform, ours = Side(url("a"), options, True), Side(url("b"), options, False)
    for side, text in [(terraform, role_tf("s3:PutObject", "arn:aws:s3:::safe/*")), (ours, role_toml("s3:PutObject", "arn:aws:s3:::safe/*"))]:
        side.write(text)
        side.apply()
    both("policy", role_tf("s3:*", "*"), role_toml("s3:*", "*"), *plan)

    terraform, ours = Side(url("a"), options, True), Side(url("b"), options, False)
    both("end", queue_tf("jobs"), queue_toml("jobs"), ["apply", "-auto-approve"], ["apply", "--auto-approve"])
    for which in "ab":
        boto(which, "c = boto3.client('sqs', **K); c.set_queue_attributes(QueueUrl=c.get_queue_url(QueueName='jobs')['QueueUrl'], Attributes={'VisibilityTimeout': '77'})")
    both("outside", queue_tf("jobs"), queue_toml("jobs"), *plan)
    both("replace", queue_tf("work"), queue_toml("work"), *plan)

    terraform, ours = Side(url("a"), options, True), Side(url("b"), options, False)
    policy = '{"Version":"2012-10-17","Statement":[]}'
    for which in "ab":
        boto(which, f"boto3.client('iam', **K).create_role(RoleName='demo-web', AssumeRolePolicyDocument='{policy}')")
    tf = role_tf("s3:PutObject", "arn:aws:s3:::safe/*").replace("demo-loader", "demo-web")
    toml = role_toml("s3:PutObject", "arn:aws:s3:::safe/*").replace("loader", "web")
    both("error", tf, toml, ["apply", "-auto-approve"], ["apply", "--auto-approve"], last=14)
    both("machines", tf, toml, ["apply", "-auto-approve", "-json"], ["apply", "--auto-approve", "--json"], last=2)

    both("mistakes", BAD_TF, BAD_TOML, ["validate"], ["validate"])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stackctl", default="stackctl")
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--python", default="python3")
    options = parser.parse_args()
    options.stackctl = shutil.which(options.stackctl) or options.stackctl
    # Each has an emulator of its own: the same names, and nobody in the other's way.
    ports = {which: free_port() for which in "ab"}
    servers = [subprocess.Popen([options.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for port in ports.values()]

    def url(which):
        return f"http://127.0.0.1:{ports[which]}"

    def boto(which, code):
        keys = f"K = dict(endpoint_url='{url(which)}', region_name='eu-west-1', aws_access_key_id='x', aws_secret_access_key='x')"
        subprocess.run([options.python, "-c", f"import boto3\n{keys}\n{code}"], check=True)

    try:
        for port in ports.values():
            for _ in range(150):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.2)
        measure(options, url, boto)
    finally:
        for server in servers:
            server.terminate()


if __name__ == "__main__":
    main()
