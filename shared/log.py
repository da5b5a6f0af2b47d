"""Logging for both processes, and masks for people's data, which never appears in a log."""

import logging
import re

_DIGITS = re.compile(r"\+?\d[\d\s()\-]{6,}\d")


def configure(level: str) -> None:
    """Send records of `level` and above to stderr, one line each, phones masked."""
    handler = logging.StreamHandler()
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These speak at INFO of every request, address and query string included.
    for chatty in ("httpx2", "httpx", "openai", "pyrogram", "alembic.runtime.plugins"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def mask(value: str | None) -> str:
    """A contact that the owner can recognise and a stranger cannot use: `+7…4567`, `an…`."""
    if not value:
        return "-"
    if sum(ch.isdigit() for ch in value) >= len(value) - 1:
        return f"{value[:2]}…{value[-2:]}"
    return f"{value[:2]}…"


def size(text: str) -> str:
    """What a log may say of a message's text: how long it is."""
    return f"{len(text)} chars"


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _DIGITS.sub(_mask_number, super().format(record))


def _mask_number(match: re.Match[str]) -> str:
    found = match.group()
    # A time stamp or a row's number is no phone: those have separators of other kinds or fewer digits.
    digits = sum(ch.isdigit() for ch in found)
    if not 10 <= digits <= 15 or (found[:4].isdigit() and found[4:5] == "-"):
        return found
    return mask(found)
