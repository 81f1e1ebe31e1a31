"""Holds documents, one a line, against a JSON Schema: valid.py SCHEMA < DOCUMENTS. What the schema does not speak of is told too."""

import json
import sys

from jsonschema import Draft202012Validator


def closed(schema):
    """The same, with no property but those that are written down."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        out["additionalProperties"] = False
    return out


schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(closed(schema))
wrong = 0
for number, line in enumerate(sys.stdin, 1):
    for error in validator.iter_errors(json.loads(line)):
        wrong += 1
        print(f"document {number}: {error.json_path}: {error.message[:300]}")
sys.exit(wrong > 0)
