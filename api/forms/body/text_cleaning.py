"""Pure: cleans received text so that it can be stored and returned as JSON."""

import codecs
import html
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

# Control characters except tab and line ends. PostgreSQL refuses NUL; the others are never typed.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Characters that are invisible or change the text direction: they can disguise a name, a link or a prompt.
# Kept are the joiners, which emoji and Persian need, and the tag letters of flags like England's.
_SPOOFING = re.compile(
    "(\U0001f3f4[\U000e0061-\U000e007a]{1,6}\U000e007f)"
    "|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CYRILLIC = frozenset(
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁёІіЇїЄєҐґЎўЈјЉљЊњЋћЂђЏџЌќЃѓЅѕ№—–«»…"
)
# Word processors write them, at the same place in all of Windows' charsets.
_TYPOGRAPHIC = frozenset("‘’‚“”„•‹›™\N{NO-BREAK SPACE}§©®°·")
_MIXED_WORD = re.compile(r"[A-Za-z][Ѐ-ӿ]|[Ѐ-ӿ][A-Za-z]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
# Python's codecs that are no charsets of forms, and UTF-8, which was tried before.
_NOT_CHARSETS = frozenset(
    {
        "utf-8",
        "utf-8-sig",
        "utf-7",
        "idna",
        "punycode",
        "unicode_escape",
        "raw-unicode-escape",
        "raw_unicode_escape",
        "unicode-escape",
        "undefined",
        "mbcs",
        "oem",
    }
)
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


def decode_entities(text: str) -> str:
    """Replace HTML entities by their characters: `&#039;` by `'`. Only those that end with a semicolon,
    because `&copy=1` is a part of a link."""
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text) if "&" in text else text


def decode(body: bytes, charset: str | None = None, *, is_utf8: bool = False) -> str:
    """Decode text in UTF-8 or UTF-16; else in the declared `charset`; else in Windows-1251 if the result is
    Cyrillic. A byte that is invalid in UTF-8 becomes one replacement character. Never raises.

    `is_utf8`: the texts around it are UTF-8, and so is this one, although it is damaged."""
    try:
        return decode_strictly(body)
    except UnicodeDecodeError:
        return _decode_declared(body, charset) or _decode_damaged(body, is_utf8=is_utf8)


def decode_strictly(body: bytes) -> str:
    """Decode text in UTF-8 or UTF-16; raises UnicodeDecodeError for anything else."""
    if body.isascii() and b"\0" not in body:
        return body.decode("ascii")
    return body.removeprefix(codecs.BOM_UTF8).decode(_utf16(body) or "utf-8")


def decode_all(texts: Sequence[bytes], charset: str | None = None) -> list[str]:
    """Decode the texts of one form: if some of them are UTF-8, so are those with a bad byte."""
    try:
        return [decode_strictly(text) for text in texts]
    except UnicodeDecodeError:
        is_utf8 = any(map(_is_utf8, texts))
        return [decode(text, charset, is_utf8=is_utf8) for text in texts]


def _is_utf8(text: bytes) -> bool:
    """Return True for text with letters of several bytes that is valid UTF-8."""
    try:
        return any(character.isalpha() and not character.isascii() for character in text.decode())
    except UnicodeDecodeError:
        return False


def _decode_declared(body: bytes, charset: str | None) -> str | None:
    """Decode by the charset that the sender declared; None if it is UTF-8, unknown, or does not fit."""
    try:
        codec = codecs.lookup((charset or "").strip())
        # Old frameworks declare ISO 8859-1 for everything.
        if codec.name in _NOT_CHARSETS or codec.name in {"iso8859-1", "cp1252"}:
            return None
        return codec.decode(body, "strict")[0] if isinstance(codec.decode(b"")[0], str) else None
    except (LookupError, ValueError):
        return None


def _decode_damaged(body: bytes, *, is_utf8: bool) -> str:
    """Decode text that is not valid UTF-8: UTF-8 with some bad bytes, or Windows-1251, or Windows-1252."""
    damaged = body.decode("utf-8", "replace")
    replaced = damaged.count("\N{REPLACEMENT CHARACTER}")
    # More valid characters of several bytes than bad bytes: in Windows-1251 they are rare by chance.
    if is_utf8 or sum(not character.isascii() for character in damaged) > 2 * replaced:
        return damaged
    if (cyrillic := _decode_cyrillic(body)) is None:
        return body.decode("utf-8", "backslashreplace")
    # "Mьller": no word mixes the alphabets, so these are Western European letters.
    return body.decode("cp1252", "backslashreplace") if _MIXED_WORD.search(cyrillic) else cyrillic


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


def _decode_cyrillic(body: bytes) -> str | None:
    try:
        text = body.decode("cp1251")
    except UnicodeDecodeError:
        return None
    non_ascii = [character for character in text if not character.isascii()]
    # Also the Ukrainian, Belarusian and Serbian letters; but not the signs that UTF-8 looks like.
    cyrillic = sum(character in _CYRILLIC or character in _TYPOGRAPHIC for character in non_ascii)
    return text if cyrillic >= 0.9 * len(non_ascii) else None
