"""Logging for both processes; personal data is masked, so that it never appears in a log."""

import logging
import re
import sys
import threading
from contextvars import ContextVar
from types import TracebackType

from shared.contacts import parse_phone
from shared.database.faults.error_classes import describe, quotes_values
from shared.database.faults.private_tracebacks import format_exception

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

# The id of the HTTP request that the current task serves; empty outside a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")

# What may separate the digits of a phone, also in a URL, a form's body and the repr of a string.
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
    # 380441234567, but not a part of a float or of a chat's negative id
    | (?<![\d-])(?<!\d\.)(?P<bare>\d{{11,15}})(?!\d)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# The password may itself contain @ or /, if its owner forgot to encode it: up to the last @ before a blank.
_PASSWORDS = re.compile(r"(://[^\s/:@?#]{0,128}):\S{0,256}@")
# A name alone is a token where gateways of models take one: https://token@host
_TOKENS = re.compile(r"(https?://)[^\s/:@?#]{1,256}@", re.IGNORECASE)
_QUERY_SECRETS = re.compile(
    r"([?&](?:password|sslpassword|passwd|pass|token|secret|api_?key|key)=)[^\s&#'\"]+", re.IGNORECASE
)
_MIN_DIGITS = 10
_DIGIT = re.compile(r"\d")
_NO_DIGIT = re.compile(r"%[0-9A-F]{2}|\\xa0|\D", re.IGNORECASE)


def configure(level: str) -> None:
    """Send records of `level` and above to stderr, one line each, phones masked."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)-7s %(name)s%(request)s %(message)s"))
    handler.addFilter(_add_request_id)
    handler.addFilter(_hide_values)
    mask_uncaught_errors()
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The format has no thread, process or code position: do not look them up for every record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    # While Telegram is unreachable, this logger writes twice a second; the worker itself logs it once.
    logging.getLogger("pyrogram.connection").setLevel(logging.CRITICAL)
    # These log every request with its address and query string, or every row that is stored.
    for chatty in (
        *("httpx2", "httpx", "httpcore2", "httpcore", "openai", "pyrogram", "alembic.runtime.plugins"),
        *("aiosqlite", "sqlalchemy", "psycopg", "python_multipart"),
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def mask_uncaught_errors() -> None:
    """Mask the tracebacks that Python itself would print: of the main thread and of all others."""

    def of_thread(ended: threading.ExceptHookArgs) -> None:
        _write_uncaught(ended.exc_value)

    def of_main(_kind: type[BaseException], error: BaseException, _where: TracebackType | None) -> None:
        _write_uncaught(error)

    sys.excepthook = of_main
    threading.excepthook = of_thread


def _write_uncaught(error: BaseException | None) -> None:
    if error is None or isinstance(error, SystemExit):
        return
    if isinstance(error, KeyboardInterrupt):
        sys.stderr.write("stopped\n")
        return
    # Straight to stderr: the logging may be switched off, or may be what failed.
    sys.stderr.write(mask_phones(mask_credentials(format_exception(error))) + "\n")


def _hide_values(record: logging.LogRecord) -> bool:
    """Replace errors of the database among the arguments of a record; asyncio's records quote whole tasks."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            describe(one) if isinstance(one, BaseException) and quotes_values(one) else one
            for one in record.args
        )
    if record.name == "asyncio" and record.exc_info:
        # The lines after the first are the repr of a task, which quotes its exception.
        record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True


def _add_request_id(record: logging.LogRecord) -> bool:
    name = request_id.get()
    record.request = f" [{name}]" if name else ""
    return True


def mask(value: str | None) -> str:
    """Shorten a contact so that its owner recognises it and a stranger cannot use it: `+7…67`, `an…`."""
    if not value:
        return "-"
    if len(value) < 4:
        return "…"
    return f"{value[:2]}…{value[-2:]}" if value.lstrip("+").isdigit() else f"{value[:2]}…"


def size(text: str) -> str:
    """Return the length of a message's text, which is all that a log may contain of it."""
    return f"{len(text)} chars"


class MaskingFormatter(logging.Formatter):
    """Masks phones in the whole record: message, arguments and traceback."""

    _second = 0
    _time = _zone = ""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's
        """Return a traceback without the values that a database's error quotes."""
        return format_exception(ei[1]) if ei[1] is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text with its phones masked."""
        text = super().format(record)
        # The time stamp is skipped: it alone has enough digits to start the search for phones.
        time = record.asctime if self.usesTime() and text.startswith(record.asctime) else ""
        return time + mask_phones(mask_credentials(text[len(time) :]))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's
        """Format the time as logging does, with its zone after it; format each second only once."""
        if datefmt is not None:
            return super().formatTime(record, datefmt)
        if self._second != int(record.created):
            self._second = int(record.created)
            self._time = super().formatTime(record)[:-4]
            self._zone = super().formatTime(record, "%z")
        return f"{self._time},{int(record.msecs):03}{self._zone}"


def mask_credentials(text: str) -> str:
    """Mask the passwords in addresses, and secrets in their queries: `postgresql://anna:***@host`."""
    # Almost no text has an address.
    if "://" not in text:
        return text
    return _QUERY_SECRETS.sub(r"\g<1>***", _TOKENS.sub(r"\g<1>***@", _PASSWORDS.sub(r"\g<1>:***@", text)))


def mask_phones(text: str) -> str:
    """Mask every phone in `text`; time stamps, row ids and Telegram ids stay."""
    # Counting digits is faster than searching for phones.
    return _PHONES.sub(_mask_phone, text) if len(_DIGIT.findall(text)) >= _MIN_DIGITS else text


def _mask_phone(match: re.Match[str]) -> str:
    found = match.group()
    digits = _NO_DIGIT.sub("", found)
    # Digits without a plus or separators may be an id: they are masked only if they are a valid phone.
    if len(digits) < _MIN_DIGITS or (match.group("bare") and parse_phone(digits) is None):
        return found
    plus = "+" if found.upper().startswith(("+", "%2B")) else ""
    return mask(plus + digits)
