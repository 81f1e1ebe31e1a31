"""What somebody without a key tries; run as another user, or as the same one. Prints what went through, which must be
nothing. Without arguments but the address and the way: `plain`, `browser` (headers of one), `rebound` (another name)."""

import json
import sys
import urllib.error
import urllib.request

endpoint, way = sys.argv[1:]
host = endpoint.split("//")[1]
headers = {
    "plain": {},
    # Known keys of emulators, and an account's number: what gateways without a door take.
    "guessed": {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20200101/eu-central-1/SERVICE/aws4_request, "
                                 "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64, "X-Amz-Date": "20200101T000000Z"},
    "browser": {"Origin": "https://evil.example"},
    "rebound": {"Host": "evil.example:" + host.split(":")[1]},
}[way]

json_11 = {"Content-Type": "text/plain"}
TRIES = [
    ("lambda", "create", "POST", "/2015-03-31/functions", json_11,
     json.dumps({"FunctionName": "evil", "Runtime": "python3.12", "Handler": "i.h", "Role": "arn:aws:iam::000000000000:role/r",
                 "Code": {"ZipFile": ""}}).encode()),
    ("lambda", "invoke", "POST", "/2015-03-31/functions/echo/invocations", json_11, b"{}"),
    ("secretsmanager", "secret", "POST", "/", {**json_11, "X-Amz-Target": "secretsmanager.GetSecretValue"}, b'{"SecretId": "pin"}'),
    ("s3", "object", "GET", "/loans/a", {}, None),
    ("s3", "buckets", "GET", "/", {}, None),
    ("s3", "put", "PUT", "/loans/a", {}, b"theirs"),
    ("s3", "preflight", "OPTIONS", "/loans/a", {"Access-Control-Request-Method": "PUT"}, None),
    ("sts", "assume", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"},
     b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::000000000000:role/any&RoleSessionName=x"),
    ("iam", "key", "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"},
     b"Action=CreateAccessKey&Version=2010-05-08&UserName=ann"),
    ("-", "reset", "POST", "/_ministack/reset", {}, b""),
    ("-", "health", "GET", "/_ministack/health", {}, None),
    ("-", "function url", "GET", "/_aws/lambda-url/aaaaaaaa/", {}, None),
]

for service, name, method, path, more, body in TRIES:
    all = {key: value.replace("SERVICE", service) for key, value in {**more, **headers}.items()}
    request = urllib.request.Request(endpoint + path, body, all, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read()
    cors = [name for name in answer.headers if name.lower().startswith("access-control-")]
    if answer.status != 403 or b"stackctl env" not in text or cors:
        print(name, answer.status, cors, text[:200])
