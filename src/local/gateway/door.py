"""Who may come in: whoever has a key of this cloud. No browser may, whatever it has.

Every request is signed (Signature Version 4) with the owner's key, which `stackctl env` prints, or with one that this
cloud itself has given: to a function, to a session (`sts:AssumeRole`), to a user (`iam:CreateAccessKey`).
"""

import hashlib
import hmac
import json
import time
from html import escape

import signature
from signature import Wrong

from ministack.core.router import detect_service
from ministack.services import iam, sts

HELP = "This local cloud is its owner's: `stackctl env` gives the key for it."
# Of a body that has to be read before its signature can be checked: a function's code, in base64, is the biggest.
LONGEST_UNCHECKED = 128 * 1024 * 1024


class Door:
    def __init__(self, app, port, key, secret):
        self.app = app
        self.port = port
        self.key = key
        self.secret = secret

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        request = signature.request(scope)
        try:
            self.check_origin(request)
            if scope["path"].startswith("/_stackctl/"):
                return await self.prove(scope, receive, send)
            messages = await self.check(request, scope, receive)
        except Wrong as wrong:
            return await refuse(request, wrong, send)

        async def receive_again():
            return messages.pop(0) if messages else await receive()

        async def send_to_no_browser(message):
            if message["type"] == "http.response.start":
                headers = message.get("headers", [])
                message["headers"] = [pair for pair in headers if not pair[0].lower().startswith(b"access-control-")]
            await send(message)

        await self.app(scope, receive_again, send_to_no_browser)

    def check_origin(self, request):
        """A name of an attacker that leads to this machine comes with that name; a page of his with its origin."""
        hosts = request.headers.get("host", [])
        name, _, port = hosts[0].rpartition(":") if len(hosts) == 1 else ("", "", "")
        # S3 puts the bucket before it; every browser and resolver takes names below localhost for this machine.
        ours = name in ("127.0.0.1", "localhost", "[::1]") or name.endswith(".localhost")
        if not ours or port != str(self.port):
            raise Wrong("AccessDenied", f"It is meant for another host than localhost:{self.port}.")
        if request.method == "OPTIONS" or any(name in request.headers for name in ("origin", "sec-fetch-mode")):
            raise Wrong("AccessDenied", "It comes from a browser.")

    async def prove(self, scope, receive, send):
        """Tells stackctl that nobody else has taken this port."""
        nonce = scope["query_string"][:128]

        async def send_with_proof(message):
            if message["type"] == "http.response.body":
                proof = hmac.new(self.secret.encode(), nonce + b"\n" + message["body"], hashlib.sha256)
                message = dict(message, body=message["body"] + b"\nproof=" + proof.hexdigest().encode() + b";")
            await send(message)

        await self.app(scope, receive, send_with_proof)

    async def check(self, request, scope, receive):
        """The messages of the body, which had to be read."""
        claim = signature.claim(request)
        secret, token = self.secret_of(claim.key)
        if secret is None or not hmac.compare_digest(token.encode(), claim.token.encode()):
            code = "InvalidAccessKeyId" if claim.service == "s3" else "InvalidClientTokenId"
            raise Wrong(code, "The security token included in the request is invalid.")
        key = signature.key_of(secret, claim)
        wrong = Wrong("SignatureDoesNotMatch", "The request signature we calculated does not match the one provided.")
        if claim.payload is not None and not signature.is_signed(request, claim, key, claim.payload):
            raise wrong
        self.check_service(request, scope, claim)
        if claim.payload in (signature.UNSIGNED, signature.UNSIGNED_CHUNKS):
            return []
        messages, body = await read(receive, LONGEST_UNCHECKED if claim.payload is None else None)
        if claim.payload is None:
            if not signature.is_signed(request, claim, key, hashlib.sha256(body).hexdigest()):
                raise wrong
        else:
            signature.check_body(claim, key, body)
        return messages

    def check_service(self, request, scope, claim):
        """Whoever has a presigned address of an object has that object, and no other service."""
        if claim.service != "s3":
            return
        headers = {name: request.header(name) for name in request.headers}
        query = {}
        for name, value in request.query:
            query.setdefault(name.decode("utf-8", "replace"), []).append(value.decode("utf-8", "replace"))
        if detect_service(scope["method"], scope["path"], headers, query) != "s3" or scope["path"].startswith("/_"):
            raise Wrong("AccessDenied", "It is signed for S3, and for no other service.")

    def secret_of(self, key):
        """The secret and the session's token of an access key."""
        if hmac.compare_digest(key.encode(), self.key.encode()):
            return self.secret, ""
        session = sts._sessions.get(key)
        if session is not None:
            expired = sts._session_expired(session)
            return (None if expired else session.get("SecretAccessKey"), session.get("SessionToken") or "")
        for (_, known), user in iam._access_keys.to_dict().items():
            if known == key and user.get("Status", "Active") == "Active":
                return user.get("SecretAccessKey"), ""
        return None, ""


async def read(receive, limit):
    messages, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Wrong("RequestTimeout", "It ended before its body did.")
        messages.append(message)
        size += len(message.get("body", b""))
        if limit is not None and size > limit:
            raise Wrong("EntityTooLarge", f"Its body is longer than {limit} bytes, and its hash is in no header.")
        if not message.get("more_body"):
            return messages, b"".join(message.get("body", b"") for message in messages)


async def refuse(request, wrong, send):
    kind, body = answer(request, wrong.code, f"{wrong} {HELP}")
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()),
               (b"x-amzn-errortype", wrong.code.encode()), (b"x-amzn-requestid", f"local-{time.time_ns()}".encode()),
               (b"connection", b"close")]
    if kind == "application/cbor":
        headers.append((b"smithy-protocol", b"rpc-v2-cbor"))
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def answer(request, code, message):
    """In the words of the protocol that was spoken."""
    kind = request.header("content-type")
    if "rpc-v2-cbor" in request.header("smithy-protocol"):
        import cbor2

        return "application/cbor", cbor2.dumps({"__type": code, "message": message})
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    if kind.startswith("application/x-www-form-urlencoded"):
        if "/ec2/aws4_request" in request.header("authorization"):
            return "text/xml", f"<Response><Errors><Error>{error}</Error></Errors><RequestID>local</RequestID></Response>".encode()
        return "text/xml", f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>local</RequestId></ErrorResponse>".encode()
    if "json" in kind or "x-amz-target" in request.headers or "/lambda/" in request.header("authorization"):
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    if "authorization" in request.headers and "/s3/aws4_request" not in request.header("authorization"):
        return "application/json", json.dumps({"code": code, "message": message}).encode()
    return "application/xml", f"<?xml version='1.0' encoding='UTF-8'?><Error>{error}</Error>".encode()
