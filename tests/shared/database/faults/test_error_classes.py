"""What the errors of both databases mean, and that callers get a class and a text without data."""

import sqlite3
from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.database.engine import Database
from shared.database.faults import error_tables as tables
from shared.database.faults.driver_errors import DatabaseUnavailableError
from shared.database.faults.error_classes import classify, describe
from shared.database.faults.error_tables import ErrorKind, Meaning
from tests.conftest import Postgres

MARK = "паспорт 4509 123456"

SQLSTATES = [
    ("22001", tables.BAD_VALUE),
    ("22P02", tables.BAD_VALUE),
    ("23505", tables.CONSTRAINT),
    ("23514", tables.CONSTRAINT),
    ("25006", tables.READ_ONLY),
    ("25P03", tables.TOO_SLOW),
    ("25P04", tables.TOO_SLOW),
    ("28P01", tables.LOGIN_REFUSED),
    ("3F000", tables.UNMIGRATED),
    ("40001", tables.CONFLICT),
    ("40P01", tables.CONFLICT),
    ("42501", tables.NO_RIGHTS),
    ("42601", tables.OUR_BUG),
    ("42703", tables.UNMIGRATED),
    ("42883", tables.OUR_BUG),
    ("42P01", tables.UNMIGRATED),
    ("53100", tables.DISK_FULL),
    ("53200", tables.OUT_OF_MEMORY),
    ("53300", tables.TOO_MANY_CONNECTIONS),
    ("54000", tables.TOO_LARGE),
    ("55P03", tables.LOCKED),
    ("57014", tables.TOO_SLOW),
    ("57P03", tables.STARTING),
    ("58030", tables.DISK_FAILS),
    ("P0001", tables.OTHER),
    ("XX000", tables.OTHER),
    ("XX001", tables.DAMAGED),
]
SQLITE = [
    (sqlite3.SQLITE_ERROR, "no such table: leads", tables.UNMIGRATED),
    (sqlite3.SQLITE_ERROR, "table leads has no column named x", tables.UNMIGRATED),
    (sqlite3.SQLITE_ERROR, 'near "x": syntax error', tables.OUR_BUG),
    (sqlite3.SQLITE_BUSY, "database is locked", tables.LOCKED),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, "database is locked", tables.LOCKED),
    (sqlite3.SQLITE_READONLY, "attempt to write a readonly database", tables.READ_ONLY),
    (sqlite3.SQLITE_READONLY_DBMOVED, "attempt to write a readonly database", tables.READ_ONLY),
    (sqlite3.SQLITE_IOERR_WRITE, "disk I/O error", tables.DISK_FAILS),
    (sqlite3.SQLITE_CORRUPT, "database disk image is malformed", tables.DAMAGED),
    (sqlite3.SQLITE_FULL, "database or disk is full", tables.DISK_FULL),
    (sqlite3.SQLITE_CANTOPEN, "unable to open database file", tables.CANNOT_OPEN),
    (sqlite3.SQLITE_TOOBIG, "string or blob too big", tables.TOO_LARGE),
    (sqlite3.SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: leads.id", tables.CONSTRAINT),
    (sqlite3.SQLITE_NOTADB, "file is not a database", tables.NOT_A_DATABASE),
]
CONNECTING = [
    ('connection failed: FATAL:  password authentication failed for user "x"', tables.LOGIN_REFUSED),
    ('FATAL:  role "x" does not exist', tables.LOGIN_REFUSED),
    ('FATAL:  database "x" does not exist', tables.NO_SUCH_DATABASE),
    ("FATAL:  sorry, too many clients already", tables.TOO_MANY_CONNECTIONS),
    ("FATAL:  the database system is starting up", tables.STARTING),
    ("FATAL:  the database system is in recovery mode", tables.STARTING),
    ("connection failed: session is read-only", tables.READ_ONLY),
    ("connection to server at 127.0.0.1, port 1 failed: Connection refused", tables.UNREACHABLE),
    ("connection timeout expired", tables.NO_ANSWER),
    ("server closed the connection unexpectedly", tables.DISCONNECTED),
    ("the connection is closed", tables.DISCONNECTED),
    ("the database's encoding is LATIN1, not UTF8", tables.WRONG_ENCODING),
]
CLASSES = {
    ErrorKind.AWAY: DatabaseUnavailableError,
    ErrorKind.CONFLICT: DatabaseUnavailableError,
    ErrorKind.OURS: ProgrammingError,
}


@pytest.fixture(scope="module")
async def server(postgres: Postgres) -> AsyncIterator[Database]:
    """A database on the shared PostgreSQL."""
    database = Database(postgres.create(), pool_size=1)
    yield database
    await database.close()


@pytest.mark.parametrize(("code", "meaning"), SQLSTATES)
async def test_an_error_of_postgresql(server: Database, code: str, meaning: Meaning) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION '{MARK}' USING ERRCODE = '{code}', DETAIL = '{MARK}'; END $$"
    with pytest.raises(DBAPIError) as raised:
        async with server.engine.begin() as connection:
            await connection.exec_driver_sql(statement.replace("%", "%%"))
    fault = classify(raised.value)
    assert (fault.kind, fault.reason, fault.code) == (meaning.kind, meaning.reason, code)
    expected = CLASSES.get(meaning.kind, IntegrityError if code.startswith("23") else DataError)
    assert type(raised.value) is expected
    # The statement may contain it here: it has no parameters.
    assert MARK not in str(raised.value).replace(statement, "")
    assert MARK not in describe(raised.value)
    # The connection works on, or a new one takes its place.
    async with server.engine.begin() as connection:
        assert (await connection.exec_driver_sql("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize(("number", "text", "meaning"), SQLITE)
def test_an_error_of_sqlite(number: int, text: str, meaning: Meaning) -> None:
    error = sqlite3.DatabaseError(text)
    error.sqlite_errorcode, error.sqlite_errorname = number, "NAME"
    fault = classify(error)
    assert (fault.kind, fault.reason, fault.code) == (meaning.kind, meaning.reason, "NAME")


@pytest.mark.parametrize(("text", "meaning"), CONNECTING)
def test_a_connection_that_is_not_made(text: str, meaning: Meaning) -> None:
    fault = classify(psycopg.OperationalError(text))
    assert (fault.kind, fault.reason) == (meaning.kind, meaning.reason)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(), ErrorKind.AWAY),
        (PoolTimeoutError(), ErrorKind.AWAY),
        (OperationalError("SELECT 1", {}, Exception("down")), ErrorKind.AWAY),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), ErrorKind.ROW),
        (psycopg.ProgrammingError("cannot adapt type 'X'"), ErrorKind.OURS),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), ErrorKind.AWAY),
        (KeyError("x"), ErrorKind.OURS),
    ],
)
def test_an_error_without_a_code(error: Exception, kind: ErrorKind) -> None:
    assert classify(error).kind is kind


async def test_a_broken_rule_is_named(server: Database) -> None:
    insert = "INSERT INTO leads (name, source, extra, contact_evidence) VALUES ('x', 'x', '{}', '{}')"
    with pytest.raises(IntegrityError, match="ck_leads_contact"):
        async with server.engine.begin() as connection:
            await connection.exec_driver_sql(insert)
