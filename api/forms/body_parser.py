"""Pure: the bytes of a form, whatever they say they are, as its fields in their order."""

import codecs
import json
import re
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from api.forms.text_cleaning import decode, merge_numbering_duplicates


class Field(NamedTuple):
    """One field: its technical name, what was entered, and what the person read beside it, if known."""

    key: str
    value: Any
    label: str = ""


Fields = list[Field]

_WRAPPERS = frozenset({"data", "fields", "post", "form_fields"})
_KEYS = ("name", "key", "field", "id")
_LABELS = ("label", "title", "question")
_VALUES = ("value", "val", "answer")
# What a dict may hold beside these and still be one field.
_PARTS = frozenset({*_KEYS, *_LABELS, *_VALUES, "type", "required", "raw_value"})
_BRACKETED = re.compile(r"(?:data|fields|post|form_fields)(?:\[[^\[\]]+\])+", re.IGNORECASE)
_PART_NAME = re.compile(r'\bname="((?:[^"\\]|\\.)*)"|\bname=([^;\s]+)', re.IGNORECASE)
_FILE_NAME = re.compile(r'\bfilename="([^"]*)"', re.IGNORECASE)
_CHARSET = re.compile(r'\bcharset="?([\w.:-]{1,40})', re.IGNORECASE)
_DEEPEST = 8
# A form with more is refused; to read all of it would only cost time.
MOST_FIELDS = 1000
# No one means a number of more digits as a number; Python itself refuses those of thousands.
_MOST_DIGITS = 40


def read_fields(body: bytes, content_type: str | None = None) -> Fields:
    """The fields of an urlencoded, multipart or JSON body, in order and unwrapped; never raises.

    The content type is only a hint: senders leave it out and get it wrong.
    """
    charset = match.group(1) if (match := _CHARSET.search(content_type or "")) else None
    if body[:2].count(0) or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = decode(body).encode("utf-8", "replace")
    start = body.removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:1] in {b"{", b"["}:
        read, value = _read_json(decode(start, charset))
        if read:
            return _unwrap(value)
    if boundary := _boundary(start, content_type or ""):
        return _expand(_multipart(body, boundary, charset))
    return _expand(_urlencoded(start.rstrip(), charset))


def _read_json(text: str) -> tuple[bool, Any]:
    try:
        return True, json.loads(
            text,
            object_pairs_hook=merge_numbering_duplicates,
            parse_constant=lambda _: None,
            parse_int=_whole_number,
        )
    except (ValueError, RecursionError):
        return False, None


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _urlencoded(body: bytes, charset: str | None) -> Fields:
    pairs = [pair.partition(b"=") for pair in re.split(rb"&+", body, maxsplit=MOST_FIELDS + 1) if pair]
    return [Field(_unquote(key, charset), _unquote(value, charset)) for key, _, value in pairs]


def _unquote(quoted: bytes, charset: str | None) -> str:
    return decode(unquote_to_bytes(quoted.replace(b"+", b" ")), charset)


def _boundary(start: bytes, content_type: str) -> bytes:
    """The line between the parts of a multipart body; empty if it is none."""
    if match := re.search(r'boundary="?([^";,]+)', content_type, re.IGNORECASE):
        named = b"--" + match.group(1).strip().encode("utf-8", "replace")
        if named in start:
            return named
    first = start.partition(b"\n")[0].rstrip()
    return first if first.startswith(b"--") and b"form-data" in start[:2000].lower() else b""


def _multipart(body: bytes, boundary: bytes, charset: str | None) -> Fields:
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
    """Unwrap the fields of a form; `data[Name]=…` and `fields[0][value]=…` are wrapped ones too."""
    plain: list[tuple[str, str]] = []
    wrapped: dict[str, Any] = {}
    for key, value, _ in pairs:
        match = _BRACKETED.fullmatch(key)
        path = re.findall(r"[^\[\]]+", key) if match else []
        if len(path) < 2 or len(path) > _DEEPEST or not _place(wrapped, path, value):
            plain.append((key, value))
    return _unwrap(merge_numbering_duplicates(plain)) + _unwrap(wrapped)


def _place(tree: dict[str, Any], path: list[str], value: str) -> bool:
    *branches, leaf = path
    for branch in branches:
        grown = tree.setdefault(branch, {})
        if not isinstance(grown, dict):
            return False
        tree = grown
    if leaf in tree:
        return False
    tree[leaf] = value
    return True


def _unwrap(value: Any, depth: int = 0) -> Fields:  # noqa: ANN401 - JSON
    """The fields of a JSON value, those inside `data`, `fields` and `post` included."""
    if isinstance(value, list):
        return [field for item in value for field in _unwrap_item(item, depth)]
    if not isinstance(value, dict):
        return [Field("body", value)]
    fields: Fields = []
    for key, item in value.items():
        inner = _contents(item) if key.strip().casefold() in _WRAPPERS and depth < _DEEPEST else None
        if inner is not None:
            fields += _unwrap(inner, depth + 1)
        elif isinstance(item, dict) and _PARTS.issuperset(item) and (field := _described(item, key)):
            fields.append(field)
        else:
            fields.append(Field(key, item))
    return fields


def _unwrap_item(item: Any, depth: int) -> Fields:  # noqa: ANN401 - JSON
    if isinstance(item, dict) and depth < _DEEPEST:
        field = _described(item)
        return [field] if field else _unwrap(item, depth + 1)
    return [Field("item", item)]


def _contents(value: Any) -> dict[str, Any] | list[Any] | None:  # noqa: ANN401 - JSON
    """What a wrapper holds, or None if it is a field that only happens to have a wrapper's name."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        value = _read_json(value)[1]
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        return list(value.values())
    return value if isinstance(value, dict | list) and value else None


def _described(item: dict[str, Any], key: str = "") -> Field | None:
    """`{"name": "Phone", "value": "+7…"}` as the field that it describes, or None if it describes none."""
    lowered = {name.casefold(): value for name, value in item.items()}
    values = [lowered[name] for name in _VALUES if name in lowered]
    key = key or _first_text(lowered, _KEYS)
    label = _first_text(lowered, _LABELS)
    if len(values) != 1 or not (key or label):
        return None
    return Field(key or label, values[0], label)


def _first_text(item: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((item[name] for name in names if isinstance(item.get(name), str) and item[name]), "")
