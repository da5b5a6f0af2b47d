"""Common spellings of DATABASE_URL connect to the database; errors never contain the password."""

import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
import pytest
from sqlalchemy import text

from shared.database.engine import Database
from shared.database.urls import async_url, driver_address, server_count, shown_address
from tests.conftest import Postgres

# Arguments: the folder of the socket and the name of the database.
SOCKET_SPELLINGS: list[Callable[[str, str], str]] = [
    lambda folder, name: f"postgresql://postgres@/{name}?host={folder}",
    lambda folder, name: f"postgresql://postgres:@/{name}?host={folder}",
    lambda folder, name: f"postgresql+psycopg://postgres@/{name}?host={quote(folder, safe='')}",
    lambda folder, name: f"postgres:///{name}?user=postgres&host={folder}",
    lambda folder, name: f"postgresql:///{name}?host={folder}&user=postgres&connect_timeout=5",
    lambda folder, name: f"postgres://postgres@{quote(folder, safe='')}/{name}",
    lambda folder, name: f"postgresql://postgres:p%40ss@{quote(folder, safe='').lower()}:5432/{name}",
    lambda folder, name: f"postgresql+psycopg://postgres@{quote(folder, safe='')}/{name}?sslmode=disable",
]


async def _count_leads(url: str) -> int:
    database = Database(url, pool_size=1)
    try:
        async with database.engine.connect() as connection:
            return int((await connection.execute(text("SELECT count(*) FROM leads"))).scalar_one())
    finally:
        await database.close()


def _database_files(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("*.db")]


@pytest.fixture(scope="module")
def socket(postgres: Postgres) -> tuple[str, str]:
    """The folder of the server's Unix socket, and the name of a migrated database."""
    parts = urlsplit(postgres.create())
    return parse_qs(parts.query)["host"][0], parts.path.removeprefix("/")


@pytest.mark.parametrize("spelling", range(len(SOCKET_SPELLINGS)))
async def test_postgresql_over_a_unix_socket(socket: tuple[str, str], spelling: int) -> None:
    url = SOCKET_SPELLINGS[spelling](*socket)
    assert await _count_leads(url) == 0
    converted = async_url(url).render_as_string(hide_password=False)
    assert await _count_leads(converted) == 0, "the converted address works too"


def test_libpq_accepts_the_same_address(socket: tuple[str, str]) -> None:
    folder, name = socket
    url = f"postgresql://postgres@{quote(folder, safe='')}/{name}"
    with psycopg.connect(url) as connection:
        assert (connection.info.dbname, connection.info.host) == (name, folder)
    made = async_url(url)
    assert (made.host, made.query["host"]) == (None, folder)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_over_tcp_keeps_every_part(scheme: str) -> None:
    url = async_url(f"{scheme}://ann%40x:p%2Fw%25@db.example:6432/leads?sslmode=require")
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port) == ("ann@x", "p/w%", "db.example", 6432)
    assert (url.database, dict(url.query)) == ("leads", {"sslmode": "require"})


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
@pytest.mark.parametrize("path", ["leads.db", "./leads.db", "{folder}/leads.db"])
async def test_sqlite_files(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, path: str
) -> None:
    assert sqlite_url.endswith(f"{tmp_path}/leads.db")
    monkeypatch.chdir(tmp_path)
    assert await _count_leads(f"{scheme}:///{path.format(folder=tmp_path)}") == 0
    assert _database_files(tmp_path) == ["leads.db"], "no other file was created"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("hunter2", "is not a database address"),
        ("", "is not a database address"),
        ("postgresql://ann:hunter2@host:port/leads", "is not a database address"),
        ("postgresql://ann:hunter2@[::1/leads", "is not a database address"),
        ("mysql://ann:hunter2@host/leads", "no support for 'mysql'"),
        ("postgresql+asyncpg://ann:hunter2@host/leads", "use postgresql://"),
        ("sqlite://", "needs a file"),
        ("sqlite:///", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite://leads.db", "needs a file"),
    ],
)
def test_invalid_address_is_reported_without_its_password(raw: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        async_url(raw)
    assert "hunter2" not in str(error.value)
    assert "hunter2" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("query", ["", "?sslmode=require"])
def test_several_servers(query: str) -> None:
    url = async_url(f"postgresql://ann:p%40ss@first.example:5433,second.example/leads{query}")
    assert (url.username, url.password, url.database) == ("ann", "p@ss", "leads")
    assert url.query["host"] == ("first.example:5433", "second.example")
    assert server_count(url) == 2
    assert "p@ss" not in shown_address(url)
    parts = psycopg.conninfo.conninfo_to_dict(driver_address(url))
    assert (parts["user"], parts["host"], parts["port"]) == (
        "ann",
        "first.example,second.example",
        "5433,5432",
    )


def test_a_password_in_the_query_is_masked() -> None:
    shown = shown_address(async_url("postgresql:///leads?user=ann&password=hunter2&sslpassword=hunter3"))
    assert "hunter" not in shown
