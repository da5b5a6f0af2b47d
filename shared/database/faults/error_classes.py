"""Pure: what an error of the database means, by PostgreSQL's SQLSTATE or by SQLite's result code.

PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
SQLite: https://sqlite.org/rescode.html
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.database.faults import error_tables as tables
from shared.database.faults.error_tables import NOT_MIGRATED, ErrorKind, Meaning

_BROKEN_RULE = re.compile(r"[A-Z ]+ constraint failed(: [\w., ]+)?")
_DRIVERS = frozenset({"psycopg", "psycopg_binary", "sqlite3", "aiosqlite", "sqlalchemy"})


class EndsConnection(StrEnum):
    """Codes after which a new connection may succeed where this one cannot."""

    # The server has become a standby; another server of DATABASE_URL may be the new primary.
    READ_ONLY = "25006"
    # The plan was prepared before a migration, or in another session of a pooler.
    CACHED_PLAN = "0A000"
    NO_SUCH_PREPARED_STATEMENT = "26000"


@dataclass(frozen=True)
class Fault:
    """What an error means. `reason` completes the sentence "the database …" and contains no data.

    `code`: the SQLSTATE or SQLite's name of the error; empty if the error has none. `rule`: the name of the
    constraint that a row breaks, or of its column.
    """

    kind: ErrorKind
    reason: str
    code: str = ""
    rule: str = ""

    @property
    def is_away(self) -> bool:
        """True if the same statement may succeed later: the database is away, or in a conflict."""
        return self.kind in {ErrorKind.AWAY, ErrorKind.CONFLICT}

    @property
    def is_unmigrated(self) -> bool:
        """True if a table or a column is missing that a migration makes."""
        return self.reason == NOT_MIGRATED

    @property
    def text(self) -> str:
        """A sentence for the operator."""
        return f"the database {self.reason}: {self.rule}" if self.rule else f"the database {self.reason}"


def classify(error: BaseException) -> Fault:
    """Return what an error of SQLAlchemy, of a driver or of a socket means.

    An error that does not come from the database is ours.
    """
    if isinstance(known := getattr(error, "fault", None), Fault):
        return known
    if isinstance(error, DBAPIError) and error.orig is not None and _tells_more(error.orig):
        return classify(error.orig)
    if state := getattr(error, "sqlstate", None):
        diag = getattr(error, "diag", None)
        rule = getattr(diag, "constraint_name", None) or getattr(diag, "column_name", None)
        return replace(_of_sqlstate(state), rule=rule or "")
    if (number := getattr(error, "sqlite_errorcode", None)) is not None:
        return _of_sqlite(number, getattr(error, "sqlite_errorname", ""), str(error))
    return _fault(_without_code(error))


def is_database_error(error: BaseException) -> bool:
    """Return True for an error of SQLAlchemy or of a driver: its text may quote a row."""
    return any(
        issubclass(kind, Exception) and kind.__module__.partition(".")[0] in _DRIVERS
        for kind in type(error).__mro__
    )


def quotes_values(error: BaseException) -> bool:
    """Return True if the text or the repr of an error may contain a value of a row."""
    return is_database_error(error) or isinstance(error, UnicodeError)


def ends_connection(error: BaseException) -> bool:
    """Return True if the connection should be replaced, although it is open."""
    code = classify(error).code
    if code == EndsConnection.CACHED_PLAN:
        return "cached plan" in str(error)
    return code in {EndsConnection.READ_ONLY, EndsConnection.NO_SUCH_PREPARED_STATEMENT}


def describe(error: BaseException) -> str:
    """Return an error as text for a log: its name and its meaning, never a value of a row."""
    if not is_database_error(error):
        return type(error).__name__
    fault = classify(error)
    code = f" {fault.code}" if fault.code else ""
    return f"{type(error).__name__}{code}: {fault.text}"


def _fault(meaning: Meaning, code: str = "") -> Fault:
    return Fault(meaning.kind, meaning.reason, code)


def _of_sqlstate(state: str) -> Fault:
    return _fault(tables.SQLSTATES.get(state) or tables.SQLSTATE_CLASSES.get(state[:2], tables.OTHER), state)


def _of_sqlite(number: int, name: str, text: str) -> Fault:
    # The lowest byte is the primary code; the others make it more precise.
    meaning = tables.SQLITE_CODES.get(number & 0xFF, tables.OTHER)
    if meaning is tables.OUR_BUG and any(word in text for word in tables.SQLITE_UNMIGRATED):
        meaning = tables.UNMIGRATED
    # Of all texts of SQLite this one is certain to name a part of the schema, and no value.
    return replace(_fault(meaning, name), rule=text if _BROKEN_RULE.fullmatch(text) else "")


def _tells_more(cause: BaseException) -> bool:
    return isinstance(cause, OSError) or is_database_error(cause)


def _without_code(error: BaseException) -> Meaning:
    """Classify what the driver itself raised, and the refusals of a connection."""
    if isinstance(error, PoolTimeoutError):
        return tables.ALL_IN_USE
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        # A value that the driver cannot send, such as a lone surrogate or a number of 80 bits.
        is_value = isinstance(error.orig, UnicodeError | OverflowError)
        return tables.BAD_VALUE if is_value else tables.OUR_BUG
    if isinstance(error, UnicodeError | OverflowError):
        return tables.BAD_VALUE
    if not is_database_error(error):
        return tables.UNREACHABLE if isinstance(error, OSError) else tables.OUR_BUG
    text = str(error)
    for words, meaning in tables.TEXTS.items():
        if words in text:
            return meaning
    names = [kind.__name__ for kind in type(error).__mro__]
    return next((tables.CLASS_NAMES[name] for name in names if name in tables.CLASS_NAMES), tables.OUR_BUG)
