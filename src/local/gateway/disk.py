"""What MiniStack acknowledged is on disk. It writes its state at a clean exit only: a killed one would forget resources
that it had confirmed, and bring back those that it had deleted.

Messages, data and log lines alone may be lost, up to `LAZY_SECONDS` of them: they grow, and saving them on each request
would cost more the longer it runs. Objects in buckets have files of their own (S3_PERSIST).
"""

import asyncio
import re

from ministack import app as gateway

# What keeps its data with its resources: by the name that requests are signed for, the name of its file, and what only
# touches data.
GROWING = {
    "sqs": ("sqs", re.compile(rb"(Send|Delete|Receive)Message(Batch)?|ChangeMessageVisibility(Batch)?")),
    "logs": ("cloudwatch_logs", re.compile(rb"PutLogEvents|(Start|Stop)Query|FilterLogEvents")),
    "monitoring": ("cloudwatch", re.compile(rb"PutMetricData")),
    "dynamodb": ("dynamodb", re.compile(
        rb"(Put|Update|Delete)Item|(BatchWrite|BatchGet|TransactWrite|TransactGet)Items?|Query|Scan"
        rb"|(Batch)?Execute(Statement|Transaction)")),
    "kinesis": ("kinesis", re.compile(rb"PutRecords?|SubscribeToShard")),
    "cloudtrail": ("cloudtrail", re.compile(rb"LookupEvents")),
}
FILES_THAT_GROW = {file for file, _ in GROWING.values()}
LAZY_SECONDS = 1.0
# AWS names its actions so: what begins with one of these words changes nothing.
READS = (b"Describe", b"Get", b"List")

# In a header, or in the query of an address that was signed beforehand.
SIGNED_FOR = re.compile(rb"(?:/|%2F)([^/%]+)(?:/|%2F)aws4_request")


class Disk:
    """Writes what has changed. Those whose changes can be written together wait for one writing."""

    def __init__(self, app):
        self.app = app
        self.unsaved = set()
        self.writing = None
        # Something that grows may have grown.
        self.grown = False

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.with_late_saves(scope, receive, send)
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self.app(scope, receive, send)
        first = b""

        async def receive_and_look():
            nonlocal first
            message = await receive()
            first = first or message.get("body", b"")
            return message

        async def save_then_send(message):
            if message["type"] == "http.response.start" and message["status"] < 400:
                self.grown = True
                files = files_of(scope, first)
                if files:
                    await self.saved(files)
            await send(message)

        await self.app(scope, receive_and_look, save_then_send)

    async def saved(self, files):
        """Ends when they have been written with all that had changed by now."""
        self.unsaved |= files
        if self.writing is None:
            self.writing = asyncio.ensure_future(self.write())
        # A client that hangs up takes nobody else's writing with it.
        await asyncio.shield(self.writing)

    async def write(self):
        # Who is as far as that gets in: what follows is done at once.
        await asyncio.sleep(0)
        files, self.unsaved, self.writing = self.unsaved, set(), None
        save(files)

    async def with_late_saves(self, scope, receive, send):
        async def loop():
            while True:
                await asyncio.sleep(LAZY_SECONDS)
                if self.grown:
                    self.grown = False
                    save(files())

        task = asyncio.create_task(loop())
        try:
            await self.app(scope, receive, send)
        finally:
            task.cancel()


def files():
    return set(gateway._build_persistence_save_dict())


def save(wanted):
    states = gateway._build_persistence_save_dict()
    gateway.save_all({name: get for name, get in states.items() if name in wanted})


def files_of(scope, body):
    """What a request may have changed apart from data."""
    headers = dict(scope["headers"])
    signed = SIGNED_FOR.search(headers.get(b"authorization", b"") + b" " + scope["query_string"])
    service = signed[1].decode() if signed else ""
    action = action_of(scope, headers, body)
    if action.startswith(READS) or service == "s3" and "/" in scope["path"].strip("/"):
        return set()
    if service not in GROWING:
        # One service may change another.
        return files() - FILES_THAT_GROW
    file, data = GROWING[service]
    return set() if data.fullmatch(action) else {file}


def action_of(scope, headers, body):
    target = headers.get(b"x-amz-target", b"")
    if target:
        return target.rsplit(b".", 1)[-1]
    _, found, action = scope["path"].partition("/operation/")
    if found:
        return action.encode()
    fields = (field for field in body.split(b"&") if field.startswith(b"Action="))
    return next(fields, b"")[len(b"Action="):]
