"""The processes that run functions: as whom, with which environment, and who may speak to them."""

import functools
import hashlib
import hmac
import http.server
import os
import socketserver
import subprocess
import sys

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sts

# Of our own environment, what a function has as well. The rest is how MiniStack is set up, and no function's business.
INHERITED = {"PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED"}


def confine(secret, folder, marker, account):
    """From now on every process that MiniStack starts is a worker. `account`: a number that is nobody's, or None where
    we are not root; `folder`: the only one that is the workers' own; `marker`: how their cloud knows them again."""
    subprocess.Popen.__init__ = functools.partialmethod(begin, subprocess.Popen.__init__, folder, marker, account)
    credentials = functools.partial(session, secret)
    lambda_runtime.execution_credentials = credentials
    lambda_svc.execution_credentials = credentials
    socketserver.BaseServer.verify_request = functools.partialmethod(is_worker, os.getuid() if account is None else account)
    http.server.BaseHTTPRequestHandler.parse_request = functools.partialmethod(
        parse_unless_browser, http.server.BaseHTTPRequestHandler.parse_request)


def begin(self, start, folder, marker, account, args, *more, **how):
    ours = dict(os.environ)
    given = how.get("env")
    given = ours if given is None else given
    env = {name: value for name, value in given.items() if name in INHERITED or ours.get(name) != value}
    # A function's own word counts, as on Lambda.
    env.setdefault("HOME", folder)
    env.setdefault("TMPDIR", os.path.join(folder, "tmp"))
    env["_STACKCTL_LOCAL_CLOUD"] = marker
    how["env"] = env
    if account is not None:
        how.update(user=account, group=account, extra_groups=[])
        if how.get("cwd"):
            share(how["cwd"], account)
        if isinstance(args, (list, tuple)) and args and args[0] == sys.executable:
            args = [python(), *args[1:]]
    # Set after the fork and before the program: it writes no file that others can read unless it wants to.
    how.setdefault("umask", 0o077)
    start(self, args, *more, **how)


@functools.cache
def python():
    """One that others than root get to: ours lies in root's home."""
    known = [os.path.realpath(sys._base_executable), "/usr/bin/python3", "/usr/local/bin/python3"]
    return next(filter(is_for_all, known), known[0])


def is_for_all(path):
    try:
        while os.stat(path).st_mode & 0o001:
            if path == "/":
                return True
            path = os.path.dirname(path)
    except OSError:
        pass
    return False


def share(code, account):
    """Lets the workers read the code, and nobody else: the folder above all code can be entered by them alone."""
    top = os.path.realpath(os.environ["TMPDIR"])
    code = os.path.realpath(code)
    while os.path.dirname(code) != top:
        above = os.path.dirname(code)
        if above == code:
            return
        if os.path.basename(above).startswith("ministack-provided-code-"):
            readable(above, account)
            break
        code = above
    for folder, folders, files in os.walk(code):
        readable(folder, account)
        for name in files:
            readable(os.path.join(folder, name), account)


def readable(path, account):
    if os.path.islink(path):
        return
    mode = os.stat(path).st_mode & 0o7777
    wanted = mode & 0o700 | (mode & 0o500) >> 3
    if os.stat(path).st_gid != account or mode != wanted:
        os.chown(path, 0, account)
        os.chmod(path, wanted)


def session(secret, config):
    """The credentials of a function's role. They are the same for every worker of a function, and nobody guesses them."""
    account, _ = lambda_runtime._account_region_from_function_config(config)
    role = config.get("Role", "").rsplit("/", 1)[-1]
    name = config.get("FunctionName", "function")[:64]

    def derive(what):
        text = "\n".join([what, config.get("FunctionArn", ""), config.get("Role", "")])
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    key = "ASIA" + derive("key")[:16].upper()
    if key not in sts._sessions:
        sts.register_session(key, {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
            "UserId": f"{role}:{name}",
            "SecretAccessKey": derive("secret"),
            "SessionToken": derive("token"),
        })
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": derive("secret"), "AWS_SESSION_TOKEN": derive("token")}


def is_worker(self, account, request, client):
    """The runtime API has no credentials: whoever asks first gets the event. So only the workers' user may ask."""
    if not isinstance(client, tuple):
        return True
    try:
        server = request.getsockname()
        with open("/proc/net/tcp") as table:
            ends = address(client), address(server)
            owners = [fields[7] for fields in map(str.split, table) if tuple(fields[1:3]) == ends]
    except OSError:
        # A system without this table does not tell.
        return True
    return str(account) in owners


def address(end):
    host, port = end[:2]
    number = int.from_bytes(bytes(map(int, host.split("."))), sys.byteorder)
    return f"{number:08X}:{port:04X}"


def parse_unless_browser(self, parse):
    if not parse(self):
        return False
    host = self.headers.get("Host", "")
    expected = "%s:%d" % self.server.server_address[:2]
    if host != expected or any(name in self.headers for name in ("Origin", "Sec-Fetch-Mode", "Referer")):
        self.send_error(403, "For the function alone")
        return False
    return True
