"""Pure: parses the body of a form into its fields, in order, whatever its content type."""

import codecs
import json
import re
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from api.forms.text_cleaning import decode, merge_numbering_duplicates


class Field(NamedTuple):
    """One field: its technical name, the entered value, and the visible label if it is known."""

    key: str
    value: Any
    label: str = ""


Fields = list[Field]

_WRAPPERS = frozenset({"data", "fields", "post", "form_fields"})
_KEYS = ("name", "key", "field", "id")
_LABELS = ("label", "title", "question")
_VALUES = ("value", "val", "answer")
# The keys that a dict may have if it describes one field.
_DESCRIPTION_KEYS = frozenset({*_KEYS, *_LABELS, *_VALUES, "type", "required", "raw_value"})
_BRACKETED = re.compile(r"(?:data|fields|post|form_fields)(?:\[[^\[\]]+\])+", re.IGNORECASE)
_PART_NAME = re.compile(r'\bname="((?:[^"\\]|\\.)*)"|\bname=([^;\s]+)', re.IGNORECASE)
_FILE_NAME = re.compile(r'\bfilename="([^"]*)"', re.IGNORECASE)
_CHARSET = re.compile(r'\bcharset="?([\w.:-]{1,40})', re.IGNORECASE)
_MAX_DEPTH = 8
# A form with more fields is refused, so the parser stops here.
MOST_FIELDS = 1000
# A longer number stays a text: Python refuses to parse thousands of digits.
_MAX_DIGITS = 40


def read_fields(body: bytes, content_type: str | None = None) -> Fields:
    """Return the fields of an urlencoded, multipart or JSON body, in order and unwrapped; never raises.

    The content type is only a hint: many senders omit it or send a wrong one.
    """
    charset = match.group(1) if (match := _CHARSET.search(content_type or "")) else None
    if body[:2].count(0) or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = decode(body).encode("utf-8", "replace")
    start = body.removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:1] in {b"{", b"["}:
        is_json, value = _parse_json(decode(start, charset))
        if is_json:
            return _unwrap(value)
    if boundary := _boundary(start, content_type or ""):
        return _expand(_parse_multipart(body, boundary, charset))
    return _expand(_parse_urlencoded(start.rstrip(), charset))


def _parse_json(text: str) -> tuple[bool, Any]:
    try:
        return True, json.loads(
            text,
            object_pairs_hook=merge_numbering_duplicates,
            parse_constant=lambda _: None,
            parse_int=_parse_int,
        )
    except (ValueError, RecursionError):
        return False, None


def _parse_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _parse_urlencoded(body: bytes, charset: str | None) -> Fields:
    pairs = [pair.partition(b"=") for pair in re.split(rb"&+", body, maxsplit=MOST_FIELDS + 1) if pair]
    return [Field(_unquote(key, charset), _unquote(value, charset)) for key, _, value in pairs]


def _unquote(quoted: bytes, charset: str | None) -> str:
    return decode(unquote_to_bytes(quoted.replace(b"+", b" ")), charset)


def _boundary(start: bytes, content_type: str) -> bytes:
    """Return the boundary of a multipart body; empty if the body is not multipart."""
    if match := re.search(r'boundary="?([^";,]+)', content_type, re.IGNORECASE):
        declared = b"--" + match.group(1).strip().encode("utf-8", "replace")
        if declared in start:
            return declared
    first = start.partition(b"\n")[0].rstrip()
    return first if first.startswith(b"--") and b"form-data" in start[:2000].lower() else b""


def _parse_multipart(body: bytes, boundary: bytes, charset: str | None) -> Fields:
    fields: Fields = []
    for part in body.split(boundary, MOST_FIELDS + 2)[1:]:
        if part.startswith(b"--"):
            break
        head, _, content = part.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
        heading = decode(head, charset)
        if match := _PART_NAME.search(heading):
            name = re.sub(r"\\(.)", r"\1", match.group(1) or match.group(2) or "")
            file = _FILE_NAME.search(heading)
            entered = file.group(1) if file else decode(content.removesuffix(b"\n"), charset)
            fields.append(Field(name, entered))
    return fields


def _expand(pairs: Fields) -> Fields:
    """Unwrap the fields of a form, including `data[Name]=…` and `fields[0][value]=…`."""
    plain: list[tuple[str, str]] = []
    wrapped: dict[str, Any] = {}
    for key, value, _ in pairs:
        match = _BRACKETED.fullmatch(key)
        path = re.findall(r"[^\[\]]+", key) if match else []
        if len(path) < 2 or len(path) > _MAX_DEPTH or not _insert(wrapped, path, value):
            plain.append((key, value))
    return _unwrap(merge_numbering_duplicates(plain)) + _unwrap(wrapped)


def _insert(tree: dict[str, Any], path: list[str], value: str) -> bool:
    *branches, leaf = path
    for branch in branches:
        subtree = tree.setdefault(branch, {})
        if not isinstance(subtree, dict):
            return False
        tree = subtree
    if leaf in tree:
        return False
    tree[leaf] = value
    return True


def _unwrap(value: Any, depth: int = 0) -> Fields:  # noqa: ANN401 - JSON
    """Return the fields of a JSON value, including those inside `data`, `fields` and `post`."""
    if isinstance(value, list):
        return [field for item in value for field in _unwrap_item(item, depth)]
    if not isinstance(value, dict):
        return [Field("body", value)]
    fields: Fields = []
    for key, item in value.items():
        inner = _contents(item) if key.strip().casefold() in _WRAPPERS and depth < _MAX_DEPTH else None
        if inner is not None:
            fields += _unwrap(inner, depth + 1)
        elif (
            isinstance(item, dict)
            and _DESCRIPTION_KEYS.issuperset(item)
            and (field := _field_from(item, key))
        ):
            fields.append(field)
        else:
            fields.append(Field(key, item))
    return fields


def _unwrap_item(item: Any, depth: int) -> Fields:  # noqa: ANN401 - JSON
    if isinstance(item, dict) and depth < _MAX_DEPTH:
        field = _field_from(item)
        return [field] if field else _unwrap(item, depth + 1)
    return [Field("item", item)]


def _contents(value: Any) -> dict[str, Any] | list[Any] | None:  # noqa: ANN401 - JSON
    """Return the content of a wrapper; None if it is a normal field with the name of a wrapper."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        value = _parse_json(value)[1]
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        return list(value.values())
    return value if isinstance(value, dict | list) and value else None


def _field_from(item: dict[str, Any], key: str = "") -> Field | None:
    """Turn `{"name": "Phone", "value": "+7…"}` into a field; None if the dict does not describe one."""
    lowered = {name.casefold(): value for name, value in item.items()}
    values = [lowered[name] for name in _VALUES if name in lowered]
    key = key or _first_text(lowered, _KEYS)
    label = _first_text(lowered, _LABELS)
    if len(values) != 1 or not (key or label):
        return None
    return Field(key or label, values[0], label)


def _first_text(item: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((item[name] for name in names if isinstance(item.get(name), str) and item[name]), "")
