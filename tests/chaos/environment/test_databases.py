"""Databases that the product cannot use from the start: each program says why, in the same words."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from sandbox.demo import product_processes
from shared.database.checks.write_check import check_writing
from shared.database.engine import Database
from shared.database.faults import error_tables as tables
from shared.database.faults.error_tables import Meaning
from tests.chaos.environment.observation import command_lines
from tests.support.waiting import patience_seconds

# Of nobody: root may read and write everything.
OTHER_USER = 65534


def _created(maintenance: str, name: str, encoding: str) -> str:
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        locale = "LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' {locale}".encode())
    return urlsplit(maintenance)._replace(path=f"/{name}").geturl()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "WIN1251", "EUC_JP"])
def test_a_database_of_another_encoding_is_not_used(postgres_server: str, encoding: str) -> None:
    _check(_created(postgres_server, f"of_{encoding.lower()}", encoding), tables.WRONG_ENCODING)


def test_a_database_of_another_encoding_is_not_migrated(postgres_server: str) -> None:
    url = _created(postgres_server, "to_migrate", "SQL_ASCII")
    with pytest.raises(product_processes.ProcessError) as failed:
        product_processes.migrate(url, seconds=patience_seconds())
    said = str(failed.value).partition("could not be migrated:\n")[2].strip()
    assert said == "ошибка: DATABASE_URL: the database's encoding is SQL_ASCII, not UTF8"
    with psycopg.connect(url) as connection:
        count = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert count == (0,)


def test_an_empty_database_is_not_migrated(postgres_server: str) -> None:
    _check(_created(postgres_server, "empty", "UTF8"), tables.UNMIGRATED)


@contextmanager
def _in_a_folder(template: Path) -> Iterator[Path]:
    # Not in pytest's own folder: another user may not enter that one.
    with tempfile.TemporaryDirectory(prefix="environment-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        file = folder / "leads.db"
        file.write_bytes(template.read_bytes())
        file.chmod(0o666)
        yield file


def _not_a_database(file: Path) -> None:
    file.write_bytes(b"no database at all" * 100)


def _cut_off(file: Path) -> None:
    """As a copy that has ended too early."""
    os.truncate(file, file.stat().st_size // 2)


def _header_damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[16:32] = os.urandom(16)
    file.write_bytes(content)


def _unmigrated(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")


@pytest.mark.parametrize(
    ("spoil", "meanings"),
    [
        (_not_a_database, [tables.NOT_A_DATABASE]),
        (_cut_off, [tables.DAMAGED]),
        (_header_damaged, [tables.NOT_A_DATABASE, tables.DAMAGED]),
        (_unmigrated, [tables.UNMIGRATED]),
    ],
)
def test_a_spoilt_sqlite_file(
    sqlite_template: Path, spoil: Callable[[Path], None], meanings: list[Meaning]
) -> None:
    with _in_a_folder(sqlite_template) as file:
        spoil(file)
        _check(f"sqlite:///{file}", *meanings)


def _read_only_file(file: Path) -> None:
    file.chmod(0o444)


def _read_only_folder(file: Path) -> None:
    file.parent.chmod(0o555)


def _closed_file(file: Path) -> None:
    file.chmod(0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize(
    ("spoil", "meanings"),
    [
        (_read_only_file, [tables.READ_ONLY]),
        (_read_only_folder, [tables.READ_ONLY, tables.CANNOT_OPEN]),
        (_closed_file, [tables.CANNOT_OPEN]),
    ],
)
def test_a_sqlite_file_of_another_user(
    sqlite_template: Path, spoil: Callable[[Path], None], meanings: list[Meaning]
) -> None:
    with _in_a_folder(sqlite_template) as file:
        # Loads every module: the other user may not read this Python's own folder.
        asyncio.run(command_lines(f"sqlite:///{file}"))
        spoil(file)
        with _another_user():
            _check(f"sqlite:///{file}", *meanings)


@contextmanager
def _another_user() -> Iterator[None]:
    os.seteuid(OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(0)


def _check(url: str, *meanings: Meaning) -> None:
    """Status, doctor and the write check all name one of the reasons."""
    for line in asyncio.run(command_lines(url)):
        assert any(meaning.reason in line for meaning in meanings) or (
            # The doctor's own words for a database without any table.
            tables.UNMIGRATED in meanings and "the database is empty" in line
        ), line
    assert asyncio.run(_write_fault(url)) in {meaning.reason for meaning in meanings}


async def _write_fault(url: str) -> str:
    database = Database(url, pool_size=1)
    try:
        fault = await check_writing(database)
        return fault.reason if fault else "nothing"
    finally:
        await database.close()
