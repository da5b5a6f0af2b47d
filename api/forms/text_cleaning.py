"""Pure: cleans received text so that it can be stored and returned as JSON."""

import codecs
import math
import re
from collections.abc import Iterable
from typing import Any

# Control characters except tab and line ends. PostgreSQL refuses NUL; the others are never typed.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Characters that are invisible or change the text direction: they can disguise a name, a link or a prompt.
# Kept are the joiners, which emoji and Persian need, and the tag letters of flags like England's.
_SPOOFING = re.compile(
    "(\U0001f3f4[\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Russian encodings older than UTF-8, by the names that senders use.
_CYRILLIC = frozenset({"windows-1251", "cp1251", "koi8-r", "koi8-u", "iso-8859-5", "cp866", "ibm866"})
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Deeper than any real form, and far below the limits of Python and the databases.
_MAX_DEPTH = 30


def clean(text: str) -> str:
    """Remove control and spoofing characters; replace lone surrogates by the replacement character."""
    # None of these characters is printable, so most texts are returned at once.
    if text.isprintable():
        return text
    text = _SPOOFING.sub(lambda match: match.group(1) or "", _CONTROL.sub("", text))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """Clean `text`, replace every run of white space by one space, and strip it."""
    return " ".join(clean(_CONTROL.sub(" ", text)).split())


def clean_json(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Clean the texts of a JSON value, and replace NaN and infinity by null.

    Raises ValueError if the value is nested more than 30 levels deep.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("is nested too deeply")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return merge_numbering_duplicates(
            (clean(str(key)), clean_json(item, depth + 1)) for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return [clean_json(item, depth + 1) for item in value]
    return value if value is None or isinstance(value, bool | int) else clean(str(value))


def merge_numbering_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a dict of `pairs` in which repeated names are numbered: Phone, Phone_2."""
    merged: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for key, value in pairs:
        name = key
        while name in merged:
            counts[key] = counts.get(key, 1) + 1
            name = f"{key}_{counts[key]}"
        merged[name] = value
    return merged


def decode(body: bytes, charset: str | None = None) -> str:
    """Decode a form as UTF-8 or UTF-16; else as `charset` or Windows-1251 if the result is Russian; else
    with escapes. Never raises."""
    if body.isascii() and b"\0" not in body:
        return body.decode("ascii")
    try:
        return body.decode(_utf16(body) or "utf-8-sig")
    except UnicodeDecodeError:
        declared = (charset or "").lower()
        text = _decode_russian(body, declared if declared in _CYRILLIC else "cp1251")
        return text or body.decode("utf-8", "backslashreplace")


def _utf16(body: bytes) -> str | None:
    """Return the kind of UTF-16, by its BOM or by the zero bytes of its first two characters (ASCII)."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(body) < 4 or len(body) % 2:
        return None
    match [byte == 0 for byte in body[:4]]:
        case [False, True, False, True]:
            return "utf-16-le"
        case [True, False, True, False]:
            return "utf-16-be"
    return None


def _decode_russian(body: bytes, charset: str) -> str | None:
    try:
        text = body.decode(charset)
    except UnicodeDecodeError:
        return None
    non_ascii = [character for character in text if not character.isascii()]
    russian = sum(character in "ёЁ" or "А" <= character <= "я" for character in non_ascii)
    return text if russian >= 0.9 * len(non_ascii) else None
