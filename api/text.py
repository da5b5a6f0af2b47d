"""Pure: what people send, made fit to be stored and sent back as JSON."""

import math
import re
from collections.abc import Iterable
from typing import Any

# Control characters but tab and line ends; PostgreSQL refuses NUL, and nobody types the others.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Deeper than any form; far from what makes Python or a database give up.
_DEEPEST = 30


def clean(text: str) -> str:
    """`text` without control characters; halves of surrogate pairs become the replacement character."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub("", text))


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
        return without_loss((clean(str(key)), clean_json(item, depth + 1)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [clean_json(item, depth + 1) for item in value]
    return value if value is None or isinstance(value, bool | int) else clean(str(value))


def without_loss(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
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


def decode(body: bytes) -> str:
    """The text of a form: UTF-8; else Windows-1251, if that makes it Russian; else with escapes."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _cyrillic(body) or body.decode("utf-8", "backslashreplace")


def _cyrillic(body: bytes) -> str | None:
    try:
        text = body.decode("cp1251")
    except UnicodeDecodeError:
        return None
    foreign = [character for character in text if not character.isascii()]
    russian = sum(character in "ёЁ" or "А" <= character <= "я" for character in foreign)
    return text if russian >= 0.9 * len(foreign) else None
