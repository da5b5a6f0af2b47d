"""Pure: parses the body of a webhook call into one value, whatever its content type."""

import codecs
import re
from binascii import unhexlify
from functools import lru_cache
from typing import Any, NamedTuple

from api.forms.body.json_text import looks_like_json, parse_json
from api.forms.body.text_cleaning import decode, decode_all

# A form with more fields is refused, so the parser stops here.
MOST_FIELDS = 1000
_MAX_CACHED = 60
# Not the beginning of an HTML entity: some senders escape a name for HTML only, "О&#039;Коннор".
_PAIR_END = re.compile(rb"&+(?!#x?[0-9a-fA-F]{1,7};)")
_ESCAPES = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_PART_NAME = re.compile(r'\bname="((?:[^"\\]|\\.)*)"|\bname=([^;\s]+)', re.IGNORECASE)
_FILE_NAME = re.compile(r'\bfilename="([^"]*)"', re.IGNORECASE)
_CHARSET = re.compile(r'\bcharset="?([\w.:-]{1,40})', re.IGNORECASE)


class FormPair(NamedTuple):
    """A field of a form as sent: `data[user][phone]` and its text."""

    key: str
    value: str


class ParsedBody(NamedTuple):
    """`value`: the value of a JSON body, or the list of FormPairs of a form.

    `problem`: what is wrong with the JSON and where, if the body begins like JSON.
    """

    value: Any
    problem: str | None = None


def parse_body(body: bytes, content_type: str | None = None) -> ParsedBody:
    """Parse an urlencoded, multipart or JSON body; never raises.

    The content type is only a hint: many senders omit it or send a wrong one.
    """
    charset = match.group(1) if (match := _CHARSET.search(content_type or "")) else None
    if body[:2].count(0) or body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = decode(body).encode("utf-8", "replace")
    start = body.removeprefix(codecs.BOM_UTF8).lstrip()
    problem = None
    if start[:1] in {b"{", b"[", b'"'}:
        # A form with JSON as its only key ends with "=".
        parsed = parse_json(decode(start, charset).rstrip().removesuffix("="), lenient=True)
        if parsed.is_json:
            return ParsedBody(parsed.value)
        problem = parsed.problem
    if boundary := _boundary(start, content_type or ""):
        return ParsedBody(_parse_multipart(body, boundary, charset), problem)
    pairs = parse_urlencoded(start.rstrip(), charset)
    if pairs and looks_like_json(pairs[0].key):
        parsed = parse_json("&".join("=".join(pair) for pair in pairs).rstrip("="), lenient=True)
        if parsed.is_json:
            return ParsedBody(parsed.value)
    return ParsedBody(pairs, problem)


def parse_urlencoded(body: bytes, charset: str | None = None) -> list[FormPair]:
    """Parse an urlencoded form or a query string."""
    if not body:
        return []
    # The second one is slower, and few forms have an entity.
    ends = body.split(b"&", MOST_FIELDS + 1) if b"&#" not in body else _PAIR_END.split(body, MOST_FIELDS + 1)
    pairs = [pair.partition(b"=") for pair in ends if pair]
    values = decode_all([_unquote(value) for _, _, value in pairs], charset)
    names = [(_name if len(key) <= _MAX_CACHED else _decode_name)(key, charset) for key, _, _ in pairs]
    return list(map(FormPair, names, values))


def _unquote(quoted: bytes) -> bytes:
    quoted = quoted.replace(b"+", b" ")
    return _ESCAPES.sub(_unescape, quoted) if b"%" in quoted else quoted


def _decode_name(quoted: bytes, charset: str | None) -> str:
    return decode(_unquote(quoted), charset)


def _unescape(escapes: re.Match[bytes]) -> bytes:
    return unhexlify(escapes.group().replace(b"%", b""))


# The names of a site's fields are the same in each of its calls.
_name = lru_cache(maxsize=1024)(_decode_name)


def _boundary(start: bytes, content_type: str) -> bytes:
    """Return the boundary of a multipart body; empty if the body is not multipart."""
    if match := re.search(r'boundary="?([^";,]+)', content_type, re.IGNORECASE):
        declared = b"--" + match.group(1).strip().encode("utf-8", "replace")
        if declared in start:
            return declared
    first = start.partition(b"\n")[0].rstrip()
    return first if first.startswith(b"--") and b"form-data" in start[:2000].lower() else b""


def _parse_multipart(body: bytes, boundary: bytes, charset: str | None) -> list[FormPair]:
    names: list[str] = []
    values: list[bytes] = []
    own_charsets: list[str | None] = []
    for part in body.split(boundary, MOST_FIELDS + 2)[1:]:
        if part.startswith(b"--"):
            break
        head, _, content = part.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
        heading = decode(head, charset)
        if match := _PART_NAME.search(heading):
            names.append(re.sub(r"\\(.)", r"\1", match.group(1) or match.group(2) or ""))
            file = _FILE_NAME.search(heading)
            own = _CHARSET.search(heading)
            own_charsets.append(own.group(1) if own else charset)
            values.append(file.group(1).encode() if file else content.removesuffix(b"\n"))
    if len(set(own_charsets)) == 1:
        texts = decode_all(values, own_charsets[0])
    else:
        texts = [decode(value, own) for value, own in zip(values, own_charsets, strict=True)]
    return list(map(FormPair, names, texts))
