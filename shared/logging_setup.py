"""Logging for both processes, and masks for people's data, which never appears in a log."""

import logging
import re
from contextvars import ContextVar

from shared.contacts import parse_phone

# On whose behalf the lines of the present task are logged; empty outside of a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# What may stand between a phone's digits, also in a URL, a form's body and the repr of a string.
_GAP = r"(?:[^\S\n]|[()+.\-‐‑–—]|%2[0-9A-F]|%C2%A0|\\xa0)"
_PLUS = rf"(?:\+|%2B){_GAP}{{0,3}}"
_TAIL = rf"\d{{3}}(?:{_GAP}?\d\d){{2}}(?!\d)"
_PHONES = re.compile(
    rf"""
    # +380441234567
    {_PLUS}\d{{10,15}}(?!\d)
    # +7 999 123-45-67, 8 (999) 1234567
    | (?:{_PLUS}|(?<!\d))[78]{_GAP}{{0,4}}[3-9]\d\d{_GAP}{{0,4}}{_TAIL}
    # +44 20 7946 0958
    | {_PLUS}[1-9]\d{{0,3}}(?:{_GAP}{{1,4}}\d{{1,10}}){{1,5}}(?!\d)
    # (495) 123-45-67, 9991234567
    | (?<!\d)[3489]\d\d{_GAP}{{1,4}}{_TAIL} | (?<!\d)9\d{{9}}(?!\d)
    # 380441234567, but no part of a float or of a chat's negative id
    | (?<![\d-])(?<!\d\.)(?P<bare>\d{{11,15}})(?!\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FEWEST_DIGITS = 10
_DIGIT = re.compile(r"\d")
_NO_DIGIT = re.compile(r"%[0-9A-F]{2}|\\xa0|\D", re.IGNORECASE)


def configure(level: str) -> None:
    """Send records of `level` and above to stderr, one line each, phones masked."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)-7s %(name)s%(request)s %(message)s"))
    handler.addFilter(_name_request)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # A line says nothing of threads, processes and places in the code: they are not looked up for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    # These speak of every request, address and query string included, or of every row that is stored.
    # While Telegram is away it says so twice a second; the worker says it once.
    logging.getLogger("pyrogram.connection").setLevel(logging.CRITICAL)
    for chatty in ("httpx2", "httpx", "openai", "pyrogram", "alembic.runtime.plugins", "aiosqlite"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _name_request(record: logging.LogRecord) -> bool:
    name = request_id.get()
    record.request = f" [{name}]" if name else ""
    return True


def mask(value: str | None) -> str:
    """A contact that the owner can recognise and a stranger cannot use: `+7…67`, `an…`."""
    if not value:
        return "-"
    if len(value) < 4:
        return "…"
    return f"{value[:2]}…{value[-2:]}" if value.lstrip("+").isdigit() else f"{value[:2]}…"


def size(text: str) -> str:
    """What a log may say of a message's text: how long it is."""
    return f"{len(text)} chars"


class MaskingFormatter(logging.Formatter):
    """Masks the phones in the whole record: message, arguments and traceback."""

    _second = 0
    _time = ""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, without anyone's phone."""
        text = super().format(record)
        # Its own time has more digits than most of what is said.
        time = record.asctime if self.usesTime() and text.startswith(record.asctime) else ""
        return time + mask_phones(text[len(time) :])

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's
        """As ever, but the second is spelled out once in a second."""
        if datefmt is not None:
            return super().formatTime(record, datefmt)
        if self._second != int(record.created):
            self._second = int(record.created)
            self._time = super().formatTime(record)[:-4]
        return f"{self._time},{int(record.msecs):03}"


def mask_phones(text: str) -> str:
    """`text` with every phone in it masked; time stamps and rows' and Telegram's ids stay."""
    # To look for phones takes longer than to count digits.
    return _PHONES.sub(_mask_phone, text) if len(_DIGIT.findall(text)) >= _FEWEST_DIGITS else text


def _mask_phone(match: re.Match[str]) -> str:
    found = match.group()
    digits = _NO_DIGIT.sub("", found)
    # A row of digits without plus or gaps may as well be an id: only one that could be dialled is masked.
    if len(digits) < _FEWEST_DIGITS or (match.group("bare") and parse_phone(digits) is None):
        return found
    plus = "+" if found.upper().startswith(("+", "%2B")) else ""
    return mask(plus + digits)
