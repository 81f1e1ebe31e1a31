"""Runs MiniStack for `stackctl local`: its own entry point, with five promises added.

1. What it acknowledged is on disk. MiniStack writes its state at a clean exit only, so a killed one would
   forget resources that it had confirmed, and stackctl would see them as drift.
2. It ends with its supervisor: the supervisor holds the other end of stdin.
3. A deleted function is dead. MiniStack kills it, and then would try its event again with the code that was deleted,
   and make a log group for its last lines, which nobody deletes. On AWS that takes `logs:CreateLogGroup`, which a
   role with a group of its own need not have.
4. Nobody comes in without a key (door.py).
5. What runs functions is nobody in particular and has nothing of ours (workers.py).

And it tells who it is, since another gateway may have been quicker to take the port.
"""

import asyncio
import logging
import os
import signal
import sys
import threading

key, secret, marker, home, account = (
    os.environ.pop("_STACKCTL_" + name) for name in ("KEY", "SECRET", "LOCAL_CLOUD", "HOME", "ACCOUNT"))
# MiniStack looks at presigned addresses itself, by the key of its own environment. No worker gets it (workers.py).
os.environ.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
os.umask(0o077)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import workers
from door import Door

from ministack import app as gateway
from ministack.services import lambda_svc

# Grow with every log line, message or datum; saving them on each request would cost more the longer it runs.
GROWING = {"cloudwatch_logs", "logs", "cloudwatch", "sqs", "cloudtrail", "kinesis", "dynamodb"}
LAZY_SECONDS = 1.0

serve = gateway.app
late = threading.Event()

# Requests that may change something and are not answered yet.
at_work = set()
# Not for ever: a request may take as long as the function that it calls.
QUIET_SECONDS = 30.0
# What lies in a socket already is read within this time.
HEARD_SECONDS = 0.2


def save(wanted):
    states = gateway._build_persistence_save_dict()
    gateway.save_all({name: get for name, get in states.items() if wanted(name)})


def grows(name):
    return name in GROWING


def keeps(name):
    return name not in GROWING


def is_object_traffic(scope):
    """Object bodies and their metadata have files of their own (S3_PERSIST); only buckets need saving."""
    path = scope["path"].strip("/")
    signed = dict(scope["headers"]).get(b"authorization", b"")
    return b"/s3/aws4_request" in signed and "/" in path


def action_of(scope, body):
    target = dict(scope["headers"]).get(b"x-amz-target", b"")
    if target:
        return target.rsplit(b".", 1)[-1]
    _, found, action = scope["path"].partition("/operation/")
    if found:
        return action.encode()
    fields = (field for field in body.split(b"&") if field.startswith(b"Action="))
    return next(fields, b"")[len(b"Action="):]


def only_reads(action):
    """AWS names its actions so: what begins with one of these words changes nothing."""
    return action.startswith((b"Describe", b"Get", b"List"))


def is_about_alarms(scope, action):
    """They are resources, and lie with the data that grow."""
    return "/service/GraniteServiceVersion20100801/" in scope["path"] and action != b"PutMetricData"


async def durable(scope, receive, send):
    if scope["type"] == "lifespan":
        return await with_late_saves(scope, receive, send)
    if scope["type"] == "http" and scope["path"] == "/_stackctl/pid":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        return await send({"type": "http.response.body", "body": b"pid=%d;" % os.getpid()})
    if scope["type"] == "http" and scope["path"] == "/_stackctl/quiet":
        left = await quiet()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        return await send({"type": "http.response.body", "body": b"left=%d;" % left})
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return await serve(scope, receive, send)
    await serve_durably(scope, receive, send)


def watched(app):
    """Knows what is at work from a request's first line on: its body may be on its way while the next command begins."""

    async def watch(scope, receive, send):
        reads = scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS")
        if reads or scope["path"].endswith("/invocations"):
            return await app(scope, receive, send)
        request = object()
        at_work.add(request)
        try:
            await app(scope, receive, send)
        finally:
            at_work.discard(request)

    return watch


async def quiet():
    """Waits until everything that was asked for before is answered; how much is not after half a minute."""
    await asyncio.sleep(HEARD_SECONDS)
    before = set(at_work)
    end = asyncio.get_running_loop().time() + QUIET_SECONDS
    while before & at_work and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.02)
    return len(before & at_work)


async def serve_durably(scope, receive, send):
    first = b""

    async def receive_and_look():
        nonlocal first
        message = await receive()
        first = first or message.get("body", b"")
        return message

    async def save_then_send(message):
        starts = message["type"] == "http.response.start" and message["status"] < 400
        action = action_of(scope, first)
        if starts and not only_reads(action):
            late.set()
            if is_about_alarms(scope, action):
                save("cloudwatch".__eq__)
            elif not is_object_traffic(scope):
                save(keeps)
        await send(message)

    await serve(scope, receive_and_look, save_then_send)


async def with_late_saves(scope, receive, send):
    async def loop():
        while True:
            await asyncio.sleep(LAZY_SECONDS)
            if late.is_set():
                late.clear()
                save(grows)
                save(keeps)

    task = asyncio.create_task(loop())
    try:
        await serve(scope, receive, send)
    finally:
        task.cancel()


def is_deleted(function):
    settings = function.get("config") or function
    return settings.get("FunctionName") not in lambda_svc._functions


def run_unless_deleted(function, *what, run=lambda_svc._execute_function_dispatch):
    if is_deleted(function):
        error = {"errorType": "ResourceNotFoundException", "errorMessage": "The function was deleted."}
        return {"error": True, "body": error}
    return run(function, *what)


def log_unless_deleted(function, *what, log=lambda_svc._emit_lambda_logs, **more):
    if not is_deleted(function):
        log(function, *what, **more)


def end_with_supervisor():
    while sys.stdin.buffer.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


logging.getLogger("persistence").setLevel(logging.WARNING)
lambda_svc._execute_function_dispatch = run_unless_deleted
lambda_svc._emit_lambda_logs = log_unless_deleted
workers.confine(secret, home, marker, int(account) if account else None)
gateway.app = watched(Door(durable, os.environ["GATEWAY_PORT"], key, secret))
threading.Thread(target=end_with_supervisor, daemon=True).start()
try:
    gateway.main()
finally:
    # Functions are children in this process group; a bootstrap would outlive the gateway and poll for ever.
    sys.stdout.flush()
    sys.stderr.flush()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)
