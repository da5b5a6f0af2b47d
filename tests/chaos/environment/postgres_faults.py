"""Faults of a running PostgreSQL: how each is made and ended, and what the product may say meanwhile."""

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from shared.database.faults import error_tables as tables
from tests.chaos.environment.disks import filled, require_disk, small_disk
from tests.chaos.environment.installation import Fault, Installation

# The rights of the product's user, who owns nothing: as at a provider.
USER = "leads_app"
_GRANTS = (
    f"CREATE ROLE {USER} LOGIN",
    f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {USER}",
    f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {USER}",
)
_DELIVERIES = "webhook_deliveries"
_END_CONNECTIONS = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'"
_NO_ANSWER = (tables.NO_ANSWER, tables.ALL_IN_USE, tables.TOO_SLOW, tables.DISCONNECTED)
_GONE = (tables.UNREACHABLE, tables.DISCONNECTED, tables.STARTING, tables.NO_ANSWER)
_RESTART_PAUSE_SECONDS = 0.3
# Larger than what is free in the pages that a table has already.
_LONG_TEXT = {"Message": secrets.token_hex(100_000)}


def as_user(owner_url: str) -> str:
    """Create the product's user; returns the URL with it."""
    _run(owner_url, *_GRANTS)
    parts = urlsplit(owner_url)
    return parts._replace(netloc=f"{USER}@{parts.netloc.rpartition('@')[2]}").geturl()


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _statements(
    name: str, begin: Sequence[str], end: Sequence[str], *says: tables.Meaning, database: str = ""
) -> Fault:
    """A fault that these statements of the owner make and end; `database`: where they run, if elsewhere."""

    @contextmanager
    def fault(installation: Installation) -> Iterator[None]:
        url = installation.owner_url
        if database:
            url = urlsplit(url)._replace(path=f"/{database}").geturl()
        _run(url, *begin)
        try:
            yield
        finally:
            _run(url, *end)

    return Fault(name, fault, says)


def _every_write_fails(name: str, code: str, *says: tables.Meaning, is_slow: bool = True) -> Fault:
    """The server reports `code` for every new delivery and every new lead; the text quotes the row."""
    watched = ("leads", _DELIVERIES)
    function = (
        "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '%', NEW USING ERRCODE = '{code}'; END $$"
    )
    made = _statements(
        name,
        [function]
        + [
            f"CREATE TRIGGER a_fault BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION fails()"
            for table in watched
        ],
        [f"DROP TRIGGER a_fault ON {table}" for table in watched],
    )
    return Fault(name, made.begin, says, is_slow)


@contextmanager
def _frozen(installation: Installation) -> Iterator[None]:
    """Stop every process of the server: connections stay open, and nothing answers."""
    folder = Path(parse_qs(urlsplit(installation.owner_url).query)["host"][0])
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
def _table_locked(installation: Installation) -> Iterator[None]:
    with psycopg.connect(installation.owner_url) as connection:
        connection.execute(f"LOCK TABLE {_DELIVERIES}, leads IN ACCESS EXCLUSIVE MODE".encode())
        yield
        connection.rollback()


def _packets_dropped(installation: Installation) -> AbstractContextManager[None]:
    assert installation.network is not None
    return installation.network.silence()


@contextmanager
def _stopped(installation: Installation) -> Iterator[None]:
    assert installation.server is not None
    installation.server.stop()
    try:
        yield
    finally:
        installation.server.start()


@contextmanager
def _connections_end_again_and_again(installation: Installation) -> Iterator[None]:
    ended = threading.Event()

    def end_them() -> None:
        while not ended.wait(_RESTART_PAUSE_SECONDS):
            _run(installation.owner_url, _END_CONNECTIONS)

    # Each new connection is refused, too.
    _run(installation.owner_url, f"ALTER ROLE {USER} CONNECTION LIMIT 0", _END_CONNECTIONS)
    thread = threading.Thread(target=end_them)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _run(installation.owner_url, f"ALTER ROLE {USER} CONNECTION LIMIT -1")


@contextmanager
def _disk_really_full(installation: Installation) -> Iterator[None]:
    """The table of deliveries is on a disk of its own, which is then filled."""
    folder = Path(parse_qs(urlsplit(installation.owner_url).query)["host"][0])
    with small_disk(folder.with_name(f"{folder.name}-disk"), megabytes=8, like=folder) as disk:
        require_disk(disk)
        _run(
            installation.owner_url,
            f"CREATE TABLESPACE small LOCATION '{disk}'",
            f"ALTER TABLE {_DELIVERIES} SET TABLESPACE small",
        )
        try:
            with filled(disk):
                yield
        finally:
            _run(
                installation.owner_url,
                f"ALTER TABLE {_DELIVERIES} SET TABLESPACE pg_default",
                "DROP TABLESPACE small",
            )


FAULTS = (
    _statements(
        "set read-only",
        ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
        ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
        tables.READ_ONLY,
    ),
    _statements(
        "the right to write is lost",
        [f"REVOKE INSERT, UPDATE ON leads, {_DELIVERIES} FROM {USER}"],
        [f"GRANT INSERT, UPDATE ON leads, {_DELIVERIES} TO {USER}"],
        tables.NO_RIGHTS,
    ),
    _statements(
        "a table is missing",
        [f"ALTER TABLE {_DELIVERIES} RENAME TO elsewhere"],
        [f"ALTER TABLE elsewhere RENAME TO {_DELIVERIES}"],
        tables.UNMIGRATED,
    ),
    _statements(
        "a column is missing",
        [f"ALTER TABLE {_DELIVERIES} RENAME COLUMN body TO elsewhere"],
        [f"ALTER TABLE {_DELIVERIES} RENAME COLUMN elsewhere TO body"],
        tables.UNMIGRATED,
    ),
    _statements(
        "the user may not log in",
        [f"ALTER ROLE {USER} NOLOGIN", _END_CONNECTIONS],
        [f"ALTER ROLE {USER} LOGIN"],
        tables.LOGIN_REFUSED,
    ),
    _statements(
        "the database has another name",
        [_END_CONNECTIONS, "ALTER DATABASE leads RENAME TO elsewhere"],
        ["ALTER DATABASE elsewhere RENAME TO leads"],
        tables.NO_SUCH_DATABASE,
        database="postgres",
    ),
    Fault(
        "connections end, and no new ones are accepted",
        _connections_end_again_and_again,
        [tables.TOO_MANY_CONNECTIONS],
    ),
    Fault("stopped", _stopped, _GONE, is_slow=True),
    _every_write_fails("the server says that its disk is full", "53100", tables.DISK_FULL),
    Fault("the disk is really full", _disk_really_full, [tables.DISK_FULL], is_slow=True, fields=_LONG_TEXT),
    _every_write_fails("damaged pages", "XX001", tables.DAMAGED, is_slow=False),
    _every_write_fails("too little memory", "53200", tables.OUT_OF_MEMORY),
    _every_write_fails("statements are cancelled", "57014", tables.TOO_SLOW),
    _every_write_fails("idle transactions are ended", "25P03", tables.TOO_SLOW),
    _every_write_fails("transactions take too long", "25P04", tables.TOO_SLOW),
    _every_write_fails("an error of its own", "P0001", tables.OTHER),
    Fault("hangs", _frozen, _NO_ANSWER, is_slow=True),
    Fault("cut off: packets are dropped", _packets_dropped, _NO_ANSWER, is_slow=True),
    Fault("a table is locked", _table_locked, _NO_ANSWER, is_slow=True),
)
