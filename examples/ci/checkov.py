#!/usr/bin/env python3
"""Holds `stackctl plan --json=terraform` against checkov.

    pip install checkov
    examples/ci/checkov.py [STACKCTL]

Plans a stack that is bad on purpose (bad.toml), and the loan pipeline of this repository, on the local cloud; nothing is applied.
Fails unless checkov finds in the first what is wrong there, and does not find it in the second.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
STACKCTL = sys.argv[1] if len(sys.argv) > 1 else "stackctl"

# What is wrong with bad.toml, and by which checks of checkov that is found.
FAULTS = {
    "bucket: its public access block is off": ["CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"],
    "bucket: everybody may do everything": ["CKV_AWS_70"],
    "bucket: no versions": ["CKV_AWS_21"],
    "security group: SSH from anywhere": ["CKV_AWS_24"],
    "security group rule: RDP from anywhere": ["CKV_AWS_25"],
    "database: not encrypted": ["CKV_AWS_16"],
    "database: public": ["CKV_AWS_17"],
    "database: no backups": ["CKV_AWS_133"],
    "subnet: public addresses": ["CKV_AWS_130"],
    "role: may do anything": ["CKV_AWS_62", "CKV_AWS_63"],
}


def planned(folder, *words):
    done = subprocess.run([STACKCTL, "plan", "--target", "local", "--json=terraform", *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"stackctl ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def judged(plan):
    """Checks to the addresses that fail them, and that pass them."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "plan.json"
        file.write_text(plan)
        checkov = shutil.which("checkov") or str(pathlib.Path(sys.executable).parent / "checkov")
        # What is only known after an apply is there: checkov takes that into account if it is told to.
        env = {**os.environ, "EVAL_TF_PLAN_AFTER_UNKNOWN": "1"}
        done = subprocess.run([checkov, "--file", file, "--framework", "terraform_plan", "--output", "json", "--quiet", "--compact"],
                              capture_output=True, text=True, env=env)
        passed = subprocess.run([checkov, "--file", file, "--framework", "terraform_plan", "--output", "json", "--compact"],
                                capture_output=True, text=True, env=env)
    if done.returncode not in (0, 1):
        sys.exit(f"checkov ended with {done.returncode}:\n{done.stderr}")
    found = {"failed": {}, "passed": {}}
    for sort, text in [("failed", done.stdout), ("passed", passed.stdout)]:
        for check in json.loads(text)["results"][f"{sort}_checks"]:
            found[sort].setdefault((check["check_id"], check["check_name"]), set()).add(check["resource"])
    return found


def shown(name, found):
    failed, passed = found["failed"], found["passed"]
    print(f"\n{name}: {sum(map(len, passed.values()))} checks passed, {sum(map(len, failed.values()))} failed")
    for (check, says), where in sorted(failed.items()):
        print(f"  {check:13} {says}: {', '.join(sorted(where))}")


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    shutil.copy(HERE / "bad.toml", folder / "stack.toml")
    try:
        subprocess.run([STACKCTL, "local", "up"], cwd=folder, check=True, capture_output=True)
        bad = judged(planned(folder))
    finally:
        subprocess.run([STACKCTL, "local", "down", "--purge"], cwd=folder, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    shown("bad.toml", bad)
    found = {check for check, _ in bad["failed"]}
    missing = {fault: checks for fault, checks in FAULTS.items() if not found.issuperset(checks)}
    if missing:
        sys.exit(f"checkov does not find: {missing}")
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        subprocess.run(["git", "-C", ROOT, "archive", "--output", folder / "all.tar", "HEAD"], check=True)
        subprocess.run(["tar", "xf", "all.tar"], cwd=folder, check=True)
        # It is the stack that is judged: no function is built for it.
        with zipfile.ZipFile(folder / "function.zip", "w") as package:
            bootstrap = zipfile.ZipInfo("bootstrap")
            bootstrap.external_attr = 0o755 << 16
            package.writestr(bootstrap, "#!/bin/sh\n")
        stack = (folder / "stack.toml").read_text()
        (folder / "stack.toml").write_text(re.sub(r'source = "handlers/[a-z]+"', 'artifact = "function.zip"', stack))
        subprocess.run([STACKCTL, "local", "up"], cwd=folder, check=True, capture_output=True)
        good = judged(planned(folder))
    finally:
        subprocess.run([STACKCTL, "local", "down", "--purge"], cwd=folder, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    shown("the loan pipeline", good)
    wrong = {check for check, _ in good["failed"]} & {check for checks in FAULTS.values() for check in checks}
    if wrong:
        sys.exit(f"checkov finds in the loan pipeline: {wrong}")
    print("\nWhat is bad was found, and is not in the loan pipeline.")


if __name__ == "__main__":
    main()
