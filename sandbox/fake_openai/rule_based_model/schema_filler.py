"""Fills any JSON schema: known values by property name, placeholder values for the rest."""

from collections.abc import Mapping
from math import ceil, floor

from jsonschema import Draft202012Validator

from sandbox.fake_openai.strict_schema import resolve
from sandbox.fake_openai.turn import Schema

# Deeper than any realistic schema, but low enough to end in a recursive one.
MAX_DEPTH = 24
STRINGS = {
    "date-time": "2026-01-15T12:00:00Z",
    "date": "2026-01-15",
    "time": "12:00:00Z",
    "duration": "PT30M",
    "email": "lead@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
}
GUESSES = (
    *("text", "текст", "", "a", "A", "0", "ok", "abc", "Text.", "12345", "+79001234567", "ru", "true"),
    *("#112233", "1.0.0", "@example", "https://example.com", *STRINGS.values()),
)


class UnfillableError(Exception):
    """No value was found for a schema."""


class Filler:
    """Fills one schema; `known` maps property names to candidate values, best first."""

    def __init__(self, root: Schema, known: Mapping[str, list[object]]) -> None:
        self._root = root
        self._known = known

    def fill(self) -> object:
        """Return a value that validates against the schema. Raises UnfillableError if none was found."""
        value = self._value(self._root, 0)
        if not self._fits(value, self._root):
            raise UnfillableError("the sandbox has no value that fits the schema")
        return value

    def _fits(self, value: object, node: Schema | bool) -> bool:
        if isinstance(node, bool):
            return node
        # A part of the schema may refer to the definitions of the root.
        scope = {key: self._root[key] for key in ("$defs", "definitions") if key in self._root}
        return Draft202012Validator({**scope, **node}).is_valid(value)

    def _value(self, node: Schema | bool, depth: int) -> object:
        if isinstance(node, bool):
            return None
        if depth > MAX_DEPTH:
            raise UnfillableError("the schema is recursive without an end")
        if "$ref" in node or "allOf" in node:
            return self._value(self._target(node) if "$ref" in node else self._merged(node), depth + 1)
        if "const" in node or "enum" in node:
            allowed = node.get("enum", [node.get("const")])
            return None if None in allowed else allowed[0]
        branches = node.get("anyOf") or node.get("oneOf")
        return self._branch(branches, depth) if branches else self._typed(node, depth)

    def _target(self, node: Schema) -> Schema:
        target = resolve(node, self._root)
        if target is None:
            raise UnfillableError(f"{node['$ref']} points nowhere")
        return target

    def _merged(self, node: Schema) -> Schema:
        merged = {key: value for key, value in node.items() if key != "allOf"}
        for part in node["allOf"]:
            full = self._target(part) if "$ref" in part else part
            properties = {**merged.get("properties", {}), **full.get("properties", {})}
            merged |= {**full, **({"properties": properties} if properties else {})}
        return merged

    def _branch(self, branches: list[Schema], depth: int) -> object:
        for branch in sorted(branches, key=lambda item: item.get("type") != "null"):
            try:
                return self._value(branch, depth + 1)
            except UnfillableError:
                continue
        raise UnfillableError("no branch can be filled")

    def _typed(self, node: Schema, depth: int) -> object:
        kind = node.get("type", "object" if "properties" in node else "string")
        if isinstance(kind, list):
            kind = "null" if "null" in kind else kind[0]
        match kind:
            case "object":
                return self._object(node, depth)
            case "array":
                return [
                    self._value(node.get("items", True), depth + 1) for _ in range(node.get("minItems", 0))
                ]
            case "string":
                return self._string(node)
            case "integer" | "number":
                return number(node, whole=kind == "integer")
            case "boolean":
                return False
        return None

    def _object(self, node: Schema, depth: int) -> dict[str, object]:
        properties = node.get("properties", {})
        return {name: self._property(name, child, depth + 1) for name, child in properties.items()}

    def _property(self, name: str, node: Schema, depth: int) -> object:
        for candidate in self._known.get(name.lower(), []):
            if self._fits(candidate, node):
                return candidate
        return self._value(node, depth)

    def _string(self, node: Schema) -> str:
        if node.get("format") in STRINGS:
            return STRINGS[str(node["format"])]
        shortest = int(node.get("minLength", 0))
        for guess in (*GUESSES, "text".ljust(shortest, "t"), "1" * max(shortest, 1)):
            if self._fits(guess, node):
                return guess
        raise UnfillableError("the sandbox has no text that fits the pattern")


def number(node: Schema, *, whole: bool) -> float | int:
    """Return a number within the schema's bounds, 0 if possible."""
    step = node.get("multipleOf", 1 if whole else None)
    low = max(node.get("minimum", float("-inf")), node.get("exclusiveMinimum", float("-inf")))
    high = min(node.get("maximum", float("inf")), node.get("exclusiveMaximum", float("inf")))
    start = min(max(0, low), high)
    if not step:
        middle = (low + high) / 2 if high - low != float("inf") else start
        tries = [start, start + 1, start - 1, middle]
        return float(next((value for value in tries if _within(node, value)), start))
    if whole and step != int(step):
        step = 1
    tries = [
        step * (base + shift) for base in (floor(start / step), ceil(start / step)) for shift in (0, 1, -1)
    ]
    value = next((value for value in tries if _within(node, value)), tries[0])
    return int(value) if whole else float(value)


def _within(node: Schema, value: float) -> bool:
    return Draft202012Validator(node).is_valid(value)
