"""Cleans what a model or its provider sent, before it meets a log or SQL. Pure."""

import math
import re

# PostgreSQL stores no NUL, no database stores a lone surrogate; other control characters garble a terminal.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# The columns of token counts are 32-bit.
MAX_COUNT = 2**31 - 1


def clean_text(text: str) -> str:
    """Return the text without characters that a database refuses; line breaks become `\\n`."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(text: str, length: int) -> str:
    """Return the text as one line of at most `length` characters."""
    line = " ".join(clean_text(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def clean_count(value: object) -> int | None:
    """Return a count of tokens; None for anything that is no count: text, NaN, a negative or huge number."""
    number = clean_number(value)
    return None if number is None or not 0 <= number <= MAX_COUNT else int(number)


def clean_number(value: object) -> float | None:
    """Return a finite number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
