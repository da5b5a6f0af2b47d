"""The tables behind error_classes: codes and texts of PostgreSQL and SQLite, with their meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class ErrorKind(Enum):
    """Whose fault an error is, and so what to do about it."""

    # The values of this row: the same row fails every time.
    ROW = auto()
    # Another transaction was in the way: the same statement may succeed at once.
    CONFLICT = auto()
    # A bug of this program: every row fails, until the program is corrected.
    OURS = auto()
    # The database cannot do it now, whatever the statement: wait for it.
    AWAY = auto()


@dataclass(frozen=True)
class Meaning:
    """`reason` completes the sentence "the database …"."""

    kind: ErrorKind
    reason: str


def _away(reason: str) -> Meaning:
    return Meaning(ErrorKind.AWAY, reason)


NOT_MIGRATED = "is not migrated: run `alembic upgrade head`"
UNREACHABLE_REASON = "cannot be reached"

UNMIGRATED = _away(NOT_MIGRATED)
UNREACHABLE = _away(UNREACHABLE_REASON)
OTHER = _away("refuses every statement for a reason of its own")
NO_ANSWER = _away("does not answer in time")
READ_ONLY = _away("is read-only: a standby that is not promoted, or set so by its owner")
DISK_FULL = _away("has no space left on its disk")
NO_RIGHTS = _away("does not give this user the rights that the program needs: grant them again")
DAMAGED = _away("is damaged: restore it from a backup")
NOT_A_DATABASE = _away("file is not a database: correct DATABASE_URL, or restore the file from a backup")
DISK_FAILS = _away("cannot read or write its files")
LOCKED = _away("is locked by another program")
TOO_SLOW = _away("has cancelled a statement that took too long")
ALL_IN_USE = _away("is too slow: all connections of this process are in use")
TOO_MANY_CONNECTIONS = _away("accepts no more connections")
OUT_OF_MEMORY = _away("has too little memory")
STARTING = _away("is starting or stopping")
DISCONNECTED = _away("has closed the connection")
LOGIN_REFUSED = _away("refuses the login: correct DATABASE_URL, or the user's rights")
NO_SUCH_DATABASE = _away("does not exist on its server: create it, or correct DATABASE_URL")
CANNOT_OPEN = _away("file cannot be opened: check that it exists and may be read and written")
WRONG_ENCODING = _away("has an encoding other than UTF8: create it with ENCODING 'UTF8'")
CONFLICT = Meaning(ErrorKind.CONFLICT, "has another transaction in the way")
BAD_VALUE = Meaning(ErrorKind.ROW, "cannot store a value of this row")
CONSTRAINT = Meaning(ErrorKind.ROW, "has a rule that this row breaks")
TOO_LARGE = Meaning(ErrorKind.ROW, "cannot store a row of this size")
OUR_BUG = Meaning(ErrorKind.OURS, "rejects the statement: a bug of this program")

SQLSTATES: Mapping[str, Meaning] = {
    "25006": READ_ONLY,
    "25P03": TOO_SLOW,
    "25P04": TOO_SLOW,
    "28000": LOGIN_REFUSED,
    "28P01": LOGIN_REFUSED,
    "3D000": NO_SUCH_DATABASE,
    # A schema, a table or a column that a migration makes.
    "3F000": UNMIGRATED,
    "42P01": UNMIGRATED,
    "42703": UNMIGRATED,
    "42501": NO_RIGHTS,
    "53100": DISK_FULL,
    "53200": OUT_OF_MEMORY,
    "53300": TOO_MANY_CONNECTIONS,
    "55P03": LOCKED,
    "57014": TOO_SLOW,
    "57P01": STARTING,
    "57P02": STARTING,
    "57P03": STARTING,
    "57P04": NO_SUCH_DATABASE,
    "57P05": DISCONNECTED,
    "58030": DISK_FAILS,
    "58P01": DAMAGED,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
# The first two characters of a SQLSTATE.
SQLSTATE_CLASSES: Mapping[str, Meaning] = {
    "08": DISCONNECTED,
    "22": BAD_VALUE,
    "23": CONSTRAINT,
    "40": CONFLICT,
    "42": OUR_BUG,
    "53": OUT_OF_MEMORY,
    # A limit of the server that depends on the row: the size of an index entry, the depth of JSON.
    "54": TOO_LARGE,
    "58": DISK_FAILS,
}
# By the primary result code.
SQLITE_CODES: Mapping[int, Meaning] = {
    1: OUR_BUG,  # SQLITE_ERROR, but see SQLITE_UNMIGRATED
    3: CANNOT_OPEN,  # PERM
    5: LOCKED,  # BUSY
    6: LOCKED,  # LOCKED
    7: OUT_OF_MEMORY,  # NOMEM
    8: READ_ONLY,  # READONLY
    9: TOO_SLOW,  # INTERRUPT
    10: DISK_FAILS,  # IOERR
    11: DAMAGED,  # CORRUPT
    13: DISK_FULL,  # FULL
    14: CANNOT_OPEN,  # CANTOPEN
    15: LOCKED,  # PROTOCOL
    17: CONFLICT,  # SCHEMA
    18: TOO_LARGE,  # TOOBIG
    19: CONSTRAINT,  # CONSTRAINT
    20: BAD_VALUE,  # MISMATCH
    21: OUR_BUG,  # MISUSE
    23: NO_RIGHTS,  # AUTH
    25: OUR_BUG,  # RANGE
    26: NOT_A_DATABASE,  # NOTADB
}
# SQLite has one code for these and for errors of syntax: only the text tells them apart.
SQLITE_UNMIGRATED = ("no such table", "no such column", "has no column named")
# Texts of errors without a code: why a connection was not made. The first that matches counts.
TEXTS: Mapping[str, Meaning] = {
    "'s encoding is": WRONG_ENCODING,
    "authentication failed": LOGIN_REFUSED,
    "no password supplied": LOGIN_REFUSED,
    "no pg_hba.conf entry": LOGIN_REFUSED,
    "is not permitted to log in": LOGIN_REFUSED,
    "too many clients": TOO_MANY_CONNECTIONS,
    "too many connections": TOO_MANY_CONNECTIONS,
    "connection slots are reserved": TOO_MANY_CONNECTIONS,
    "no more connections allowed": TOO_MANY_CONNECTIONS,
    "session is read-only": READ_ONLY,
    "server is in hot standby": READ_ONLY,
    "read-only": READ_ONLY,
    "is starting up": STARTING,
    "is shutting down": STARTING,
    "in recovery mode": STARTING,
    "accepting connections": STARTING,
    "No space left": DISK_FULL,
    "no answer within": NO_ANSWER,
    "timeout expired": NO_ANSWER,
    "closed the connection": DISCONNECTED,
    "connection is closed": DISCONNECTED,
    "connection is lost": DISCONNECTED,
    "closed database": DISCONNECTED,
    'role "': LOGIN_REFUSED,
    'database "': NO_SUCH_DATABASE,
}
# The names that the DB-API gives to the kinds of errors.
CLASS_NAMES: Mapping[str, Meaning] = {
    "DataError": BAD_VALUE,
    "IntegrityError": CONSTRAINT,
    "ProgrammingError": OUR_BUG,
    "NotSupportedError": OUR_BUG,
    "OperationalError": UNREACHABLE,
    "InterfaceError": UNREACHABLE,
    "InternalError": OTHER,
    "DatabaseError": OTHER,
}
