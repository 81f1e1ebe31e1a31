"""What any client of AWS does, with the environment that `stackctl env` prints; run in MiniStack's environment, which has
botocore. Says what went well, a word each."""

import base64
import hashlib
import hmac
import io
import json
import os
import socket
import sys
import urllib.request
import zipfile
from datetime import datetime, timezone

from botocore.config import Config
from botocore.session import Session

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = os.environ["AWS_REGION"]
ID, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]


# Browsers and systemd take every name below localhost for this machine; not every C library does.
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **how: resolve("127.0.0.1" if host.endswith(".localhost") else host, *more, **how)


def client(service, endpoint=ENDPOINT, session=None, **config):
    return (session or Session()).create_client(service, region_name=REGION, endpoint_url=endpoint, config=Config(**config))


def chunked(key, chunks, trailer=None, tamper=False):
    """A signed upload in chunks, by hand: botocore has none. After the Amazon S3 API Reference."""
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    signing = ("AWS4" + SECRET).encode()
    for part in scope.split("/"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()

    def sign(*lines):
        return hmac.new(signing, "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    def digest(data):
        return hashlib.sha256(data).hexdigest()

    host = ENDPOINT.split("//")[1]
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    headers = {"content-encoding": "aws-chunked", "host": host, "x-amz-content-sha256": kind, "x-amz-date": now,
               "x-amz-decoded-content-length": str(sum(map(len, chunks)))}
    if trailer:
        headers["x-amz-trailer"] = trailer[0]
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(["PUT", f"/loans/{key}", "", lines, names, kind])
    before = sign("AWS4-HMAC-SHA256", now, scope, digest(request.encode()))
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={ID}/{scope},SignedHeaders={names},Signature={before}"
    body = b""
    for chunk in [*chunks, b""]:
        before = sign("AWS4-HMAC-SHA256-PAYLOAD", now, scope, before, digest(b""), digest(chunk))
        body += f"{len(chunk):x};chunk-signature={before}\r\n".encode()
        body += (b"x" * len(chunk) if tamper else chunk) + (b"\r\n" if chunk else b"")
    if trailer:
        line = f"{trailer[0]}:{trailer[1]}\n".encode()
        body += line.replace(b"\n", b"\r\n")
        signature = sign("AWS4-HMAC-SHA256-TRAILER", now, scope, before, digest(line))
        body += f"x-amz-trailer-signature:{signature}\r\n".encode()
    body += b"\r\n"
    request = urllib.request.Request(f"{ENDPOINT}/loans/{key}", body, headers, method="PUT")
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code


def objects():
    s3 = client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="loans", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ["a", "with space/ü+&=~.csv", "a//b"]:
        s3.put_object(Bucket="loans", Key=key, Body=b"one", Metadata={"who": "  two   spaces "})
        assert s3.get_object(Bucket="loans", Key=key)["Body"].read() == b"one"
    assert s3.list_objects_v2(Bucket="loans", Prefix="with ", Delimiter="/")["KeyCount"] == 1
    upload = s3.create_multipart_upload(Bucket="loans", Key="big")["UploadId"]
    parts = []
    for number, part in enumerate([b"x" * 5 * 1024 * 1024, b"end"], 1):
        tag = s3.upload_part(Bucket="loans", Key="big", UploadId=upload, PartNumber=number, Body=part)["ETag"]
        parts.append({"ETag": tag, "PartNumber": number})
    s3.complete_multipart_upload(Bucket="loans", Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.head_object(Bucket="loans", Key="big")["ContentLength"] == 5 * 1024 * 1024 + 3
    for style, host in [("path", ENDPOINT), ("virtual", ENDPOINT.replace("127.0.0.1", "localhost"))]:
        one = client("s3", host, s3={"addressing_style": style}, signature_version="s3v4")
        put = one.generate_presigned_url("put_object", {"Bucket": "loans", "Key": f"given {style}"})
        assert urllib.request.urlopen(urllib.request.Request(put, b"two", method="PUT")).status == 200
        get = one.generate_presigned_url("get_object", {"Bucket": "loans", "Key": f"given {style}"})
        assert urllib.request.urlopen(get).read() == b"two"
        assert one.get_object(Bucket="loans", Key=f"given {style}")["Body"].read() == b"two"
    chunks = [b"a" * 65536, b"b" * 10]
    crc = base64.b64encode(__import__("binascii").crc32(b"".join(chunks)).to_bytes(4, "big")).decode()
    for name, trailer in [("chunked", None), ("trailer", ("x-amz-checksum-crc32", crc))]:
        assert chunked(name, chunks, trailer) == 200
        assert s3.get_object(Bucket="loans", Key=name)["Body"].read() == b"".join(chunks)
        assert chunked(name + "-tampered", chunks, trailer, tamper=True) == 403
    assert "Contents" not in s3.list_objects_v2(Bucket="loans", Prefix="chunked-tampered")
    presigned_opens_nothing_else(s3)


def presigned_opens_nothing_else(s3):
    """Whoever was given an address has one object by one method."""
    get = s3.generate_presigned_url("get_object", {"Bucket": "loans", "Key": "a"})
    put = s3.generate_presigned_url("put_object", {"Bucket": "loans", "Key": "given"})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for url, method, headers, body in [
        (get.replace("/a?", "/big?"), "GET", {}, None),
        (get, "DELETE", {}, None),
        (get + "&versionId=1", "GET", {}, None),
        (get.replace("Signature=", "Signature=0"), "GET", {}, None),
        (put, "PUT", {"X-Amz-Target": "secretsmanager.ListSecrets", "Content-Type": "application/x-amz-json-1.1"}, b"{}"),
        (put, "PUT", {"X-Amz-Copy-Source": "/loans/a"}, b""),
        (put, "POST", form, b"Action=GetCallerIdentity&Version=2011-06-15"),
    ]:
        try:
            urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method))
        except urllib.error.HTTPError as error:
            assert error.code == 403, (method, url, error.code)
            assert b"stackctl env" in error.read()
        else:
            raise AssertionError(f"{method} {url} {headers}")


def messages():
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="é & = +")
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "é & = +"


def functions(bootstrap):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        file.writestr(entry, open(bootstrap).read())
    functions = client("lambda")
    role = "arn:aws:iam::000000000000:role/worker"
    functions.create_function(FunctionName="who", Runtime="provided.al2023", Handler="bootstrap", Role=role, Timeout=30,
                              Code={"ZipFile": archive.getvalue()}, Environment={"Variables": {"OWN": "yes"}})
    answer = json.loads(functions.invoke(FunctionName="who", Payload=b"{}")["Payload"].read())
    session = Session()
    session.set_credentials(answer["AWS_ACCESS_KEY_ID"], answer["AWS_SECRET_ACCESS_KEY"], answer["AWS_SESSION_TOKEN"])
    me = client("sts", session=session).get_caller_identity()
    assert me["Arn"].endswith("assumed-role/worker/who"), me
    assert client("s3", session=session).get_object(Bucket="loans", Key="a")["Body"].read() == b"one"
    session.set_credentials(answer["AWS_ACCESS_KEY_ID"], answer["AWS_SECRET_ACCESS_KEY"])
    try:
        client("sts", session=session).get_caller_identity()
    except Exception as error:
        assert "stackctl env" in str(error), error
    else:
        raise AssertionError("a session's key without its token")
    code = "def handler(event, context):\n    import os\n    return dict(os.environ, UID=os.getuid())\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", code)
    functions.create_function(FunctionName="python", Runtime="python3.12", Handler="index.handler", Role=role, Timeout=30,
                              Code={"ZipFile": archive.getvalue()})
    python = json.loads(functions.invoke(FunctionName="python", Payload=b"{}")["Payload"].read())
    assert (python["UID"] == 0) == (os.environ.get("EXPECT_ROOT") == "yes"), python
    print(json.dumps({"bootstrap": answer, "python": python}))


def others():
    session = Session()
    given = client("sts").assume_role(RoleArn="arn:aws:iam::000000000000:role/any", RoleSessionName="me")["Credentials"]
    session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert client("sts", session=session).get_caller_identity()["Arn"].endswith("assumed-role/any/me")
    iam = client("iam")
    iam.create_user(UserName="ann")
    given = iam.create_access_key(UserName="ann")["AccessKey"]
    session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"])
    client("sqs", session=session).list_queues()
    client("ec2").describe_vpcs()
    client("cloudwatch").describe_alarms()
    client("secretsmanager").create_secret(Name="pin", SecretString="hush")
    client("scheduler").list_schedules()
    wrong = Session()
    wrong.set_credentials(ID, "x" * 40)
    for service, call in [("s3", "list_buckets"), ("sqs", "list_queues"), ("ec2", "describe_vpcs"), ("iam", "list_users"),
                          ("lambda", "list_functions"), ("cloudwatch", "describe_alarms"), ("logs", "describe_log_groups"),
                          ("scheduler", "list_schedules"), ("secretsmanager", "list_secrets"), ("sts", "get_caller_identity")]:
        try:
            getattr(client(service, session=wrong), call)()
        except Exception as error:
            assert "stackctl env" in str(error) and error.response["Error"]["Code"] == "SignatureDoesNotMatch", (service, error)
        else:
            raise AssertionError(f"{service} takes any secret")


objects()
messages()
others()
functions(sys.argv[1])
