#!/usr/bin/env python3
import json, os, time, urllib.request
api = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(api + "next") as call:
        request = call.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(call)
    if "works_for_ever" in event:
        with open(event["works_for_ever"], "a") as file:
            file.write("started\n")
        time.sleep(3600)
    body = json.dumps(dict(os.environ)).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", data=body)).close()
