"""Runs MiniStack for `stackctl local`: its own entry point, with five promises added.

1. What it acknowledged is on disk (disk.py).
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
from disk import Disk
from door import Door

from ministack import app as gateway
from ministack.services import lambda_svc

# Requests that may change something and are not answered yet.
at_work = set()
# Not for ever: a request may take as long as the function that it calls.
QUIET_SECONDS = 30.0
# What lies in a socket already is read within this time.
HEARD_SECONDS = 0.2


def answering(app):
    """Answers what is asked about this gateway itself."""

    async def answer(scope, receive, send):
        path = scope["path"] if scope["type"] == "http" else ""
        if path == "/_stackctl/pid":
            said = b"pid=%d;" % os.getpid()
        elif path == "/_stackctl/quiet":
            said = b"left=%d;" % await quiet()
        else:
            return await app(scope, receive, send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said})

    return answer


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
gateway.app = watched(Door(answering(Disk(gateway.app)), os.environ["GATEWAY_PORT"], key, secret))
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
