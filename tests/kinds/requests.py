"""Reads requests as they went over the wire, one JSON a line, and answers for each what AWS's own models say against it.

The models are botocore's: shapes, required members, enums, patterns, lengths, ranges, unknown members. A line has service,
operation, method, url, headers and body (base64); the answer is {"violations": [...]}. At the end it says how many there were.
"""

import base64
import binascii
import collections
import datetime
import json
import sys
import urllib.parse
import xml.etree.ElementTree

import botocore
import botocore.session
import cbor2
import regex

SESSION = botocore.session.get_session()
# What the SDK adds by itself.
OF_THE_SDK = {"x-id"}
MODELS = {}


class Violation(Exception):
    pass


def model(service):
    if service not in MODELS:
        MODELS[service] = SESSION.get_service_model(service)
    return MODELS[service]


# From the wire: each protocol's way to the values that a caller would hand over.


def scalar(shape, text):
    """A value that travelled as text."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text]
        if kind == "timestamp":
            return moment(text)
        if kind == "blob":
            return base64.b64decode(text, validate=True)
    except (ValueError, KeyError, binascii.Error):
        raise Violation(f"{text!r} is no {kind}") from None
    return text


def moment(text):
    if regex.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text):
        return datetime.datetime.fromisoformat(text[:-1] + "+00:00")
    return datetime.datetime.fromtimestamp(float(text), datetime.timezone.utc)


def from_json(shape, value, path):
    """JSON and CBOR."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise Violation(f"{path}: {value!r} is no structure")
        if getattr(shape, "is_document_type", False):
            return value
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        out = {}
        for wire, part in value.items():
            if wire not in names:
                raise Violation(f"{path}.{wire} is no member of {shape.name}")
            name = names[wire]
            out[name] = from_json(shape.members[name], part, f"{path}.{name}")
        return out
    if kind == "list":
        if not isinstance(value, list):
            raise Violation(f"{path}: {value!r} is no list")
        return [from_json(shape.member, part, f"{path}[{i}]") for i, part in enumerate(value)]
    if kind == "map":
        if not isinstance(value, dict):
            raise Violation(f"{path}: {value!r} is no map")
        return {key: from_json(shape.value, part, f"{path}[{key}]") for key, part in value.items()}
    if kind == "blob":
        return value if isinstance(value, bytes) else scalar(shape, value)
    if kind == "timestamp":
        if isinstance(value, datetime.datetime):
            return value
        return moment(value if isinstance(value, str) else str(value))
    if kind in ("float", "double") and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def local(tag):
    return tag.rsplit("}", 1)[-1]


def from_xml(shape, node, path):
    kind = shape.type_name
    if kind == "structure":
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        out = {}
        for wire in {local(child.tag) for child in node}:
            if wire not in names:
                raise Violation(f"{path}.{wire} is no member of {shape.name}")
            name = names[wire]
            member = shape.members[name]
            nodes = [child for child in node if local(child.tag) == wire]
            if member.type_name == "list" and member.serialization.get("flattened"):
                out[name] = [from_xml(member.member, child, f"{path}.{name}[{i}]") for i, child in enumerate(nodes)]
            elif len(nodes) > 1:
                raise Violation(f"{path}.{name} is there {len(nodes)} times")
            else:
                out[name] = from_xml(member, nodes[0], f"{path}.{name}")
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if member.serialization.get("xmlAttribute"):
                for attribute, text in node.attrib.items():
                    if local(attribute) == wire.split(":")[-1]:
                        out[name] = text
        return out
    if kind == "list":
        wanted = shape.member.serialization.get("name", "member")
        for child in node:
            if local(child.tag) != wanted:
                raise Violation(f"{path}: {local(child.tag)} where {wanted} should be")
        return [from_xml(shape.member, child, f"{path}[{i}]") for i, child in enumerate(node)]
    return scalar(shape, node.text or "")


class Form:
    """The query protocol, and EC2's way of it."""

    def __init__(self, body, ec2):
        pairs = urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True)
        self.values = dict(pairs)
        if len(self.values) != len(pairs):
            raise Violation("a name is there twice")
        self.ec2 = ec2
        self.taken = set()

    def below(self, prefix):
        return any(key == prefix or key.startswith(prefix + ".") for key in self.values)

    def name(self, name, member):
        wire = member.serialization.get("name", name)
        if not self.ec2:
            return wire
        if "queryName" in member.serialization:
            return member.serialization["queryName"]
        return wire[0].upper() + wire[1:]

    def read(self, shape, prefix):
        kind = shape.type_name
        if kind == "structure":
            out = {}
            for name, member in shape.members.items():
                wire = self.name(name, member)
                key = f"{prefix}.{wire}" if prefix else wire
                if kind_of_list(member) and not self.ec2 and member.serialization.get("flattened"):
                    inner = member.member.serialization.get("name")
                    if inner:
                        key = ".".join(key.split(".")[:-1] + [inner])
                if self.below(key):
                    out[name] = self.read(member, key)
            return out
        if kind == "list":
            # An empty list of the query protocol.
            if self.values.get(prefix) == "":
                self.taken.add(prefix)
                return []
            if not self.ec2 and not shape.serialization.get("flattened"):
                prefix = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
            return self.numbered(prefix, lambda key: self.read(shape.member, key))
        if kind == "map":
            if not shape.serialization.get("flattened"):
                prefix = f"{prefix}.entry"
            key_name = shape.key.serialization.get("name", "key")
            value_name = shape.value.serialization.get("name", "value")
            return dict(
                self.numbered(
                    prefix,
                    lambda key: (self.read(shape.key, f"{key}.{key_name}"), self.read(shape.value, f"{key}.{value_name}")),
                )
            )
        if prefix not in self.values:
            raise Violation(f"{prefix} has parts, and is no list or structure")
        self.taken.add(prefix)
        return scalar(shape, self.values[prefix])

    def numbered(self, prefix, read):
        out = []
        while self.below(f"{prefix}.{len(out) + 1}"):
            out.append(read(f"{prefix}.{len(out) + 1}"))
        return out


def kind_of_list(shape):
    return shape.type_name == "list"


def from_form(operation, request, ec2):
    form = Form(request["body"].decode(), ec2)
    form.taken |= {"Action", "Version"}
    if form.values.get("Action") != operation.name:
        raise Violation(f"asks for {form.values.get('Action')}")
    if form.values.get("Version") != operation.service_model.api_version:
        raise Violation(f"speaks the version {form.values.get('Version')}, not {operation.service_model.api_version}")
    values = form.read(operation.input_shape, "") if operation.input_shape else {}
    rest = sorted(set(form.values) - form.taken)
    if rest:
        raise Violation(f"{', '.join(rest)}: no such member")
    return values


def labels(operation, request):
    """What the path and the query say, by the names that the model has for it."""
    url = urllib.parse.urlsplit(request["url"])
    path, host = url.path, url.hostname or ""
    form, _, fixed = operation.http["requestUri"].partition("?")
    if operation.service_model.service_name == "s3" and host.endswith(".aws.invalid"):
        path = f"/{host.removesuffix('.aws.invalid')}{'' if path == '/' else path}"
    pattern = ""
    for part in regex.split(r"(\{[^}]+\})", form):
        if not part.startswith("{"):
            pattern += regex.escape(part)
        elif part.endswith("+}"):
            pattern += f"(?P<{part[1:-2]}>.+)"
        else:
            pattern += f"(?P<{part[1:-1]}>[^/]+)"
    found = regex.fullmatch(pattern.rstrip("/") + "/?", path)
    if not found:
        raise Violation(f"{path} is not {form}")
    query = collections.defaultdict(list)
    for key, value in urllib.parse.parse_qsl(url.query, keep_blank_values=True):
        query[key].append(value)
    for key, value in urllib.parse.parse_qsl(fixed, keep_blank_values=True):
        if value not in query.pop(key, []):
            raise Violation(f"the query lacks {key}={value}")
    return {name: urllib.parse.unquote(text) for name, text in found.groupdict().items()}, query


def from_rest(operation, request, xml):
    if request["method"] != operation.http["method"]:
        raise Violation(f"{request['method']} where {operation.http['method']} should be")
    path, query = labels(operation, request)
    shape, values, body = operation.input_shape, {}, []
    for name, member in shape.members.items() if shape else []:
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri":
            values[name] = scalar(member, path[wire])
        elif location == "querystring" and member.type_name == "map":
            continue
        elif location == "querystring" and wire in query:
            texts = query.pop(wire)
            if member.type_name == "list":
                values[name] = [scalar(member.member, text) for text in texts]
            else:
                values[name] = scalar(member, texts[0])
        elif location == "header" and wire.lower() in request["headers"]:
            text = request["headers"][wire.lower()]
            if member.type_name == "list":
                values[name] = [scalar(member.member, part.strip()) for part in text.split(",")]
            else:
                values[name] = scalar(member, text)
        elif location is None:
            body.append(name)
    unknown = sorted(set(query) - OF_THE_SDK)
    if unknown:
        raise Violation(f"{', '.join(unknown)}: no such parameter")
    payload = shape.serialization.get("payload") if shape else None
    if payload:
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            if request["body"]:
                values[payload] = request["body"] if member.type_name == "blob" else request["body"].decode()
        elif request["body"] and xml:
            root = xml_root(request["body"])
            if local(root.tag) != member.serialization.get("name", payload):
                raise Violation(f"the body is a {local(root.tag)}")
            values[payload] = from_xml(member, root, payload)
        elif request["body"]:
            values[payload] = from_json(member, json.loads(request["body"]), payload)
    elif body and request["body"]:
        if xml:
            raise Violation("a body where none is modelled")
        sent = json.loads(request["body"])
        names = {shape.members[name].serialization.get("name", name): name for name in body}
        for wire, part in sent.items():
            if wire not in names:
                raise Violation(f"{wire} is no member of {shape.name}")
            values[names[wire]] = from_json(shape.members[names[wire]], part, names[wire])
    elif request["body"] and request["body"] != b"{}":
        raise Violation("a body where none is modelled")
    return values


def xml_root(body):
    return xml.etree.ElementTree.fromstring(body)


def values(operation, request):
    protocol = operation.service_model.resolved_protocol
    if "smithy-protocol" in request["headers"]:
        protocol = "smithy-rpc-v2-cbor"
    if protocol in ("query", "ec2"):
        return from_form(operation, request, protocol == "ec2")
    if protocol == "rest-json":
        return from_rest(operation, request, False)
    if protocol == "rest-xml":
        return from_rest(operation, request, True)
    if protocol == "json":
        target = f"{operation.service_model.metadata['targetPrefix']}.{operation.name}"
        if request["headers"].get("x-amz-target") != target:
            raise Violation(f"{request['headers'].get('x-amz-target')} where {target} should be")
        sent = json.loads(request["body"] or b"{}")
    elif protocol == "smithy-rpc-v2-cbor":
        sent = cbor2.loads(request["body"]) if request["body"] else {}
    else:
        raise Violation(f"the protocol {protocol} is none that this knows")
    if operation.input_shape is None:
        return {}
    return from_json(operation.input_shape, sent, operation.name)


# What the model says of the values.

TYPES = {
    "structure": dict,
    "list": list,
    "map": dict,
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": bool,
    "blob": bytes,
    "timestamp": datetime.datetime,
}


def check(shape, value, path):
    kind = shape.type_name
    if not isinstance(value, TYPES[kind]) or (kind in ("integer", "long") and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {kind}"
        return
    limits = shape.metadata
    size = len(value) if kind in ("list", "map", "string", "blob") else value
    if kind in ("list", "map", "string", "blob", "integer", "long", "float", "double"):
        if "min" in limits and size < limits["min"]:
            yield f"{path}: {size} is below {limits['min']}"
        if "max" in limits and size > limits["max"]:
            yield f"{path}: {size} is above {limits['max']}"
    if kind == "string":
        if limits.get("enum") and value not in limits["enum"]:
            yield f"{path}: {value!r} is none of {', '.join(limits['enum'])}"
        if limits.get("pattern") and not fits(limits["pattern"], value):
            yield f"{path}: {value!r} is not of the form {limits['pattern']}"
    if kind == "structure" and not getattr(shape, "is_document_type", False):
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name} is missing"
        for name, part in value.items():
            yield from check(shape.members[name], part, f"{path}.{name}")
    if kind == "list":
        for i, part in enumerate(value):
            yield from check(shape.member, part, f"{path}[{i}]")
    if kind == "map":
        for key, part in value.items():
            yield from check(shape.key, key, f"{path} (key)")
            yield from check(shape.value, part, f"{path}[{key}]")


def fits(pattern, value):
    """The models mean the whole text, whether they say so or not, and write what is beyond 16 bits as two halves."""
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    return regex.fullmatch(pattern, value) is not None


def violations(request):
    service = model(request["service"])
    try:
        operation = service.operation_model(request["operation"])
    except botocore.model.OperationNotFoundError:
        return ["no such operation"]
    try:
        sent = values(operation, request)
    except Violation as violation:
        return [str(violation)]
    if operation.input_shape is None:
        return []
    return list(check(operation.input_shape, sent, operation.name))


def main():
    counts, wrong = collections.Counter(), 0
    for line in sys.stdin:
        request = json.loads(line)
        request["body"] = base64.b64decode(request["body"])
        try:
            found = violations(request)
        except Exception as error:
            found = [f"could not be checked: {error!r}"]
        if not request.get("made_wrong"):
            counts[request["service"]] += 1
            wrong += bool(found)
        print(json.dumps({"violations": found, "checked": counts}), flush=True)
    of = ", ".join(f"{service} {count}" for service, count in sorted(counts.items()))
    print(f"{counts.total()} requests checked against the models of botocore {botocore.__version__} ({of}): {wrong} with violations", file=sys.stderr)


if __name__ == "__main__":
    main()
