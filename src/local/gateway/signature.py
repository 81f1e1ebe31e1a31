"""AWS Signature Version 4, seen from the server: was this request signed with this secret?

After the public specification (AWS General Reference, "Signature Version 4 signing process"; Amazon S3 API Reference,
"Authenticating Requests", with its chunked uploads and trailers).
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
CHUNKS_AND_TRAILER = CHUNKS + "-TRAILER"
SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
# A client may name itself in a header of this sort without signing it.
MAY_BE_UNSIGNED = {"x-amz-user-agent"}


class Wrong(Exception):
    """The code is one that AWS has, so that every SDK knows what to make of it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Claim(NamedTuple):
    """What a request says of its own signature."""

    key: str
    date: str
    region: str
    service: str
    signed: list
    signature: str
    at: str
    token: str
    payload: str
    presigned: bool

    @property
    def scope(self):
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


class Request(NamedTuple):
    method: str
    # As it was sent.
    path: str
    query: list
    # Lower case name to values.
    headers: dict

    def header(self, name):
        return ",".join(self.headers.get(name, []))


def request(scope):
    headers = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1").partition("?")[0]
    query = []
    for pair in scope["query_string"].decode("latin-1").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            query.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return Request(scope["method"], path, query, headers)


def claim(request):
    """Reads what the request says, and whether it can be so at this time."""
    query = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.query}
    presigned = "x-amz-signature" in query
    authorization = request.header("authorization")
    if presigned and authorization:
        raise Wrong("InvalidRequest", "It is signed twice, in a header and in its address.")
    if presigned:
        if query.get("x-amz-algorithm") != ALGORITHM:
            raise Wrong("AccessDenied", f"Only {ALGORITHM} is understood.")
        credential, signed = query.get("x-amz-credential", ""), query.get("x-amz-signedheaders", "")
        signature, at = query["x-amz-signature"], query.get("x-amz-date", "")
        token = query.get("x-amz-security-token", "")
    else:
        if not authorization:
            raise Wrong("MissingAuthenticationToken", "It is not signed.")
        if not authorization.startswith(ALGORITHM + " "):
            raise Wrong("AccessDenied", f"Only {ALGORITHM} is understood.")
        parts = dict(part.strip().partition("=")[::2] for part in authorization[len(ALGORITHM):].split(","))
        credential, signed = parts.get("Credential", ""), parts.get("SignedHeaders", "")
        signature, at = parts.get("Signature", ""), request.header("x-amz-date")
        token = request.header("x-amz-security-token")
    scope = credential.rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request" or not re.fullmatch("[0-9]{8}T[0-9]{6}Z", at):
        raise Wrong("IncompleteSignature", "Its signature is not complete.")
    key, date, region, service, _ = scope
    found = Claim(key, date, region, service, signed.split(";"), signature, at, token, payload(request, presigned, service),
                  presigned)
    check_time(found, query.get("x-amz-expires"))
    check_headers(found, request)
    return found


def payload(request, presigned, service):
    """What the signature says of the body; None: its own hash."""
    said = request.header("x-amz-content-sha256")
    if service == "s3":
        return said or (UNSIGNED if presigned else None)
    # What other services do not know must not keep a body from being looked at.
    return None if presigned or not re.fullmatch("[0-9a-f]{64}", said) else said


def check_time(claim, expires):
    try:
        at = datetime.strptime(claim.at, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        seconds = int(expires) if claim.presigned else 0
    except (TypeError, ValueError):
        raise Wrong("IncompleteSignature", "It does not say when it was signed, or for how long.") from None
    now = datetime.now(timezone.utc)
    if not claim.presigned and abs(now - at) > SKEW or at > now + SKEW:
        raise Wrong("RequestTimeTooSkewed", f"It was signed at {claim.at}, which is too far from now.")
    if claim.presigned and not (0 < seconds <= LONGEST_PRESIGNED and now <= at + timedelta(seconds=seconds)):
        raise Wrong("AccessDenied", "Request has expired.")
    if claim.date != claim.at[:8]:
        raise Wrong("SignatureDoesNotMatch", "It is signed with the key of another day.")


def check_headers(claim, request):
    """Whoever was given a presigned address must not be able to make another request of it."""
    if "host" not in claim.signed:
        raise Wrong("SignatureDoesNotMatch", "Its host is not signed.")
    for name in request.headers:
        if name.startswith("x-amz-") and name not in claim.signed and name not in MAY_BE_UNSIGNED:
            # S3 leaves this one out of presigned addresses: UNSIGNED-PAYLOAD is what it must say.
            if not (claim.presigned and name == "x-amz-content-sha256" and request.header(name) == UNSIGNED):
                raise Wrong("AccessDenied", f"There were headers present in the request which were not signed: {name}.")


def key_of(secret, claim):
    key = ("AWS4" + secret).encode()
    for part in (claim.date, claim.region, claim.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def sign(key, text):
    return hmac.new(key, text.encode("latin-1"), hashlib.sha256).hexdigest()


def encode(text):
    return quote(text, safe="-_.~")


def without_dots(path):
    parts = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts) + ("/" if parts and path.endswith("/") else "")


def canonical(request, claim, payload):
    path = request.path or "/"
    if claim.service != "s3":
        path = quote(without_dots(path), safe="/-_.~")
    pairs = ((encode(name), encode(value)) for name, value in request.query)
    query = "&".join(f"{name}={value}" for name, value in sorted(pairs) if name.lower() != "x-amz-signature")
    headers = "".join(
        f"{name}:{','.join(' '.join(value.split()) for value in request.headers.get(name, ['']))}\n" for name in claim.signed
    )
    return "\n".join([request.method, path, query, headers, ";".join(claim.signed), payload])


def is_signed(request, claim, key, payload):
    digest = hashlib.sha256(canonical(request, claim, payload).encode("latin-1")).hexdigest()
    expected = sign(key, "\n".join([ALGORITHM, claim.at, claim.scope, digest]))
    return hmac.compare_digest(expected.encode(), claim.signature.encode())


def check_body(claim, key, body):
    """The signature is right, and says what the body has to be."""
    if claim.payload in (UNSIGNED, UNSIGNED_CHUNKS):
        return
    if claim.payload in (CHUNKS, CHUNKS_AND_TRAILER):
        return check_chunks(claim, key, body)
    if not hmac.compare_digest(hashlib.sha256(body).hexdigest(), claim.payload or ""):
        raise Wrong("XAmzContentSHA256Mismatch", "Its body is not the one that was signed.")


def check_chunks(claim, key, body):
    """Each chunk's signature is over that of the one before; the first one's over the request's."""
    wrong = Wrong("SignatureDoesNotMatch", "A part of its body is not the one that was signed.")
    before, at = claim.signature, 0

    def matches(kind, signature, *hashes):
        nonlocal before
        expected = sign(key, "\n".join([f"{ALGORITHM}-{kind}", claim.at, claim.scope, before, *hashes]))
        before = expected
        return hmac.compare_digest(expected.encode(), signature.encode())

    while True:
        end = body.find(b"\r\n", at)
        head = re.fullmatch(rb"([0-9A-Fa-f]{1,16});chunk-signature=([0-9a-f]{64})", body[at:end] if end >= 0 else b"")
        if not head:
            raise wrong
        size, begin = int(head[1], 16), end + 2
        chunk = memoryview(body)[begin:begin + size]
        if len(chunk) != size or not matches("PAYLOAD", head[2].decode(), EMPTY, hashlib.sha256(chunk).hexdigest()):
            raise wrong
        at = begin + size
        if size == 0:
            break
        if body[at:at + 2] != b"\r\n":
            raise wrong
        at += 2
    rest = body[at:]
    if claim.payload == CHUNKS:
        # Nothing that nobody has signed comes behind the last one.
        if rest.strip(b"\r\n"):
            raise wrong
        return
    lines = [line for line in rest.replace(b"\r\n", b"\n").split(b"\n") if line]
    if not lines or not lines[-1].lower().startswith(b"x-amz-trailer-signature:"):
        raise wrong
    trailer = b"".join(line + b"\n" for line in lines[:-1])
    if not matches("TRAILER", lines[-1].partition(b":")[2].strip().decode("latin-1"), hashlib.sha256(trailer).hexdigest()):
        raise wrong
