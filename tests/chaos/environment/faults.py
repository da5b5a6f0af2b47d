"""The table of faults: how each is made and ended, and what the product says while it lasts."""

import contextlib
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from shared.database import error_tables as tables
from shared.database.error_tables import Meaning

# The rights of the product's user, who owns nothing: as at a provider.
USER = "leads_app"
_GRANTS = (
    f"CREATE ROLE {USER} LOGIN",
    f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {USER}",
    f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {USER}",
)
_DELIVERIES = "webhook_deliveries"


@dataclass(frozen=True)
class Fault:
    """`begin` makes the fault until its block ends. `says`: the reasons that the product may tell.

    `is_slow`: it runs only with `make chaos`.
    """

    name: str
    begin: Callable[[str], AbstractContextManager[None]]
    says: Sequence[Meaning]
    is_slow: bool = False


def as_user(owner_url: str) -> str:
    """Create the product's user; returns the URL with it."""
    _run(owner_url, *_GRANTS)
    parts = urlsplit(owner_url)
    return parts._replace(netloc=f"{USER}@{parts.netloc.rpartition('@')[2]}").geturl()


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _statements(begin: Sequence[str], end: Sequence[str]) -> Callable[[str], AbstractContextManager[None]]:
    @contextmanager
    def fault(url: str) -> Iterator[None]:
        _run(url, *begin)
        try:
            yield
        finally:
            _run(url, *end)

    return fault


def _every_write_fails(code: str) -> Callable[[str], AbstractContextManager[None]]:
    """The server reports `code` for every new delivery and every new lead; the text quotes the row."""
    tables_ = ("leads", _DELIVERIES)
    function = (
        "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '%', NEW USING ERRCODE = '{code}'; END $$"
    )
    return _statements(
        [function]
        + [
            f"CREATE TRIGGER a_fault BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION fails()"
            for table in tables_
        ],
        [f"DROP TRIGGER a_fault ON {table}" for table in tables_],
    )


@contextmanager
def _frozen(url: str) -> Iterator[None]:
    """Stop every process of the server: connections stay open, and nothing answers."""
    folder = Path(parse_qs(urlsplit(url).query)["host"][0])
    server = int((folder / "postmaster.pid").read_text().splitlines()[0])
    pids = [server, *_children(server)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(folder.name))
    return found


@contextmanager
def _table_locked(url: str) -> Iterator[None]:
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {_DELIVERIES}, leads IN ACCESS EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


POSTGRES = (
    Fault(
        "read-only",
        _statements(
            ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
            ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
        ),
        [tables.READ_ONLY],
    ),
    Fault(
        "lost rights",
        _statements(
            [f"REVOKE INSERT, UPDATE ON leads, {_DELIVERIES} FROM {USER}"],
            [f"GRANT INSERT, UPDATE ON leads, {_DELIVERIES} TO {USER}"],
        ),
        [tables.NO_RIGHTS],
    ),
    Fault(
        "a table is missing",
        _statements(
            [f"ALTER TABLE {_DELIVERIES} RENAME TO elsewhere"],
            [f"ALTER TABLE elsewhere RENAME TO {_DELIVERIES}"],
        ),
        [tables.UNMIGRATED],
    ),
    Fault("the disk is full", _every_write_fails("53100"), [tables.DISK_FULL]),
    Fault("damaged pages", _every_write_fails("XX001"), [tables.DAMAGED], is_slow=True),
    Fault("too little memory", _every_write_fails("53200"), [tables.OUT_OF_MEMORY], is_slow=True),
    Fault("an error of its own", _every_write_fails("P0001"), [tables.OTHER], is_slow=True),
    Fault("hangs", _frozen, [tables.NO_ANSWER, tables.ALL_IN_USE], is_slow=True),
    Fault(
        "a table is locked",
        _table_locked,
        [tables.NO_ANSWER, tables.TOO_SLOW, tables.ALL_IN_USE],
        is_slow=True,
    ),
)


def _sqlite_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@contextmanager
def _sqlite_locked(url: str) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(_sqlite_file(url), isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _sqlite_table_missing(url: str) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(_sqlite_file(url), timeout=30)) as connection:
        connection.execute(f"ALTER TABLE {_DELIVERIES} RENAME TO elsewhere")
        connection.commit()
        yield
        connection.execute(f"ALTER TABLE elsewhere RENAME TO {_DELIVERIES}")
        connection.commit()


SQLITE = (
    Fault("a table is missing", _sqlite_table_missing, [tables.UNMIGRATED]),
    Fault(
        "locked by another program",
        _sqlite_locked,
        [tables.NO_ANSWER, tables.LOCKED, tables.ALL_IN_USE],
        is_slow=True,
    ),
)
