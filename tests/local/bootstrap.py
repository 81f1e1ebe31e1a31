#!/usr/bin/env python3
import json, os, urllib.request
api = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(api + "next") as call:
        request = call.headers["Lambda-Runtime-Aws-Request-Id"]
    body = json.dumps(dict(os.environ)).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", data=body)).close()
