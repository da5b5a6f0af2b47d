"""Pure: what people send, made fit to be stored and sent back as JSON."""

import codecs
import math
import re
from collections.abc import Iterable
from typing import Any

# Control characters but tab and line ends; PostgreSQL refuses NUL, and nobody types the others.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What turns the order of letters round, or cannot be seen: a name, a link or a prompt may hide behind them.
# The joiners stay, emoji and Persian need them; so do the tag letters that make England's flag.
_SPOOFING = re.compile(
    "(\U0001f3f4[\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# The ways in which Russian was written before UTF-8, by the names that senders use.
_CYRILLIC = frozenset({"windows-1251", "cp1251", "koi8-r", "koi8-u", "iso-8859-5", "cp866", "ibm866"})
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Deeper than any form; far from what makes Python or a database give up.
_DEEPEST = 30


def clean(text: str) -> str:
    """`text` without control and spoofing characters; halves of pairs become the replacement character."""
    # None of those characters counts as printable: most texts need no second look.
    if text.isprintable():
        return text
    text = _SPOOFING.sub(lambda match: match.group(1) or "", _CONTROL.sub("", text))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """`text` cleaned, with every run of white space as one space and none around it."""
    return " ".join(clean(_CONTROL.sub(" ", text)).split())


def clean_json(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """A JSON value with its texts cleaned, and null for the numbers that JSON does not have.

    Raises ValueError if it is nested more deeply than anybody means.
    """
    if depth > _DEEPEST:
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
    """A dict of `pairs` in which a name that comes again is numbered: Phone, Phone_2."""
    found: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for key, value in pairs:
        name = key
        while name in found:
            seen[key] = seen.get(key, 1) + 1
            name = f"{key}_{seen[key]}"
        found[name] = value
    return found


def decode(body: bytes, charset: str | None = None) -> str:
    """The text of a form: UTF-8 or UTF-16; else `charset` or Windows-1251, if that makes it Russian; else
    with escapes. Never raises."""
    if body.isascii() and b"\0" not in body:
        return body.decode("ascii")
    try:
        return body.decode(_utf16(body) or "utf-8-sig")
    except UnicodeDecodeError:
        said = (charset or "").lower()
        read = _cyrillic(body, said if said in _CYRILLIC else "cp1251")
        return read or body.decode("utf-8", "backslashreplace")


def _utf16(body: bytes) -> str | None:
    """Which UTF-16 it is: by its mark, or by the halves of its first characters, which are ASCII."""
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


def _cyrillic(body: bytes, charset: str) -> str | None:
    try:
        text = body.decode(charset)
    except UnicodeDecodeError:
        return None
    foreign = [character for character in text if not character.isascii()]
    russian = sum(character in "ёЁ" or "А" <= character <= "я" for character in foreign)
    return text if russian >= 0.9 * len(foreign) else None
