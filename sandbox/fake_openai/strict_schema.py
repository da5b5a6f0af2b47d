"""Checks OpenAI's rules for strict schemas; the errors have OpenAI's wording.

Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.turn import Schema

MAX_DEPTH = 10
MAX_PROPERTIES = 5000
MAX_ENUM_VALUES = 1000
FORMATS = frozenset(("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"))
FORBIDDEN = (
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "default",
    "minLength",
    "maxLength",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "prefixItems",
)

Path = tuple[str, ...]


class _BrokenError(Exception):
    """A rule is broken at `path` in the schema."""

    def __init__(self, path: Path, rule: str) -> None:
        super().__init__(f"In context={path!r}, {rule}")


def check_schema(schema: Schema, name: str, *, param: str, code: str | None) -> None:
    """Raise ApiError (400) if `schema` is not a valid JSON Schema."""
    if fault := _fault(json.dumps(schema)):
        message = f"Invalid schema for response_format '{name}': {fault}"
        raise ApiError(400, message, code=code, param=param)


# A client sends the same few schemas again and again, and a check takes 5 ms.
@lru_cache(maxsize=64)
def _fault(schema: str) -> str | None:
    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError as broken:
        return broken.message
    return None


def check_strict(schema: Schema, name: str, *, param: str, code: str | None) -> None:
    """Raise ApiError (400) if a strict schema breaks OpenAI's rules."""
    try:
        _check_root(schema)
        count = sum(_check_node(node, path, schema) for node, path in _walk(schema, ()))
        if count > MAX_PROPERTIES:
            raise _BrokenError((), f"{count} object properties exceed the limit of {MAX_PROPERTIES}.")
    except _BrokenError as broken:
        message = f"Invalid schema for response_format '{name}': {broken}"
        raise ApiError(400, message, code=code, param=param) from broken


def _check_root(schema: Schema) -> None:
    root = resolve(schema, schema) if "$ref" in schema else schema
    if root is None or root.get("type") != "object":
        given = None if root is None else root.get("type")
        raise _BrokenError(
            (), f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{given}\"'."
        )
    if "anyOf" in root:
        raise _BrokenError((), "'anyOf' is not permitted at the root.")


def resolve(node: Schema, root: Schema) -> Schema | None:
    """Return the schema that a `$ref` inside the root points to, or None if there is none."""
    target: Any = root
    for key in str(node["$ref"]).removeprefix("#").strip("/").split("/"):
        if key:
            target = target.get(key) if isinstance(target, dict) else None
    return target if isinstance(target, dict) else None


def _walk(node: object, path: Path, depth: int = 0) -> Iterator[tuple[Schema, Path]]:
    if not isinstance(node, dict):
        raise _BrokenError(path, "schema must be an object.")
    if depth > MAX_DEPTH:
        raise _BrokenError(path, f"{depth} levels of nesting exceeds limit of {MAX_DEPTH}.")
    yield node, path
    for group in ("properties", "$defs", "definitions"):
        for key, child in (node.get(group) or {}).items():
            yield from _walk(child, (*path, group, key), depth + (group == "properties"))
    if "items" in node:
        yield from _walk(node["items"], (*path, "items"), depth)
    for index, child in enumerate(node.get("anyOf") or []):
        yield from _walk(child, (*path, "anyOf", str(index)), depth)


def _check_node(node: Schema, path: Path, root: Schema) -> int:
    """Check one schema by itself and return how many properties it has."""
    if "$ref" in node:
        _check_ref(node, path, root)
        return 0
    for keyword in FORBIDDEN:
        if keyword in node:
            raise _BrokenError(path, f"'{keyword}' is not permitted.")
    kind = node.get("type")
    if kind is None and not {"anyOf", "enum", "const"} & node.keys():
        raise _BrokenError(path, "schema must have a 'type' key.")
    kinds = kind if isinstance(kind, list) else [kind]
    if "format" in node and node["format"] not in FORMATS:
        raise _BrokenError(path, f"'{node['format']}' is not a valid format.")
    if len(node.get("enum", [])) > MAX_ENUM_VALUES:
        raise _BrokenError(path, f"'enum' has more than {MAX_ENUM_VALUES} values.")
    if "array" in kinds and "items" not in node:
        raise _BrokenError(path, "array schema missing items.")
    return _check_object(node, path) if "object" in kinds or "properties" in node else 0


def _check_ref(node: Schema, path: Path, root: Schema) -> None:
    siblings = sorted(node.keys() - {"$ref", "$defs", "definitions"})
    if siblings:
        listed = ", ".join(f"'{key}'" for key in siblings)
        raise _BrokenError(path, f"$ref cannot have keywords {{{listed}}}.")
    if resolve(node, root) is None:
        raise _BrokenError(path, f"reference '{node['$ref']}' cannot be resolved.")


def _check_object(node: Schema, path: Path) -> int:
    if node.get("additionalProperties") is not False:
        raise _BrokenError(path, "'additionalProperties' is required to be supplied and to be false.")
    properties = node.get("properties") or {}
    required = node.get("required")
    absent = [key for key in properties if key not in (required or [])]
    if absent or not isinstance(required, list | None):
        rule = "'required' is required to be supplied and to be an array including every key in properties."
        raise _BrokenError(path, f"{rule} Missing '{absent[0]}'." if absent else rule)
    extra = [key for key in required or [] if key not in properties]
    if extra:
        raise _BrokenError(path, f"'required' has an extra key '{extra[0]}' that is not in properties.")
    return len(properties)
