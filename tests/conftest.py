"""What every test can use or is checked for: migrated databases, time limits, and leftovers of a test."""

import gc
import os
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from shared.database.engine import Database
from tests.support.browser import CHROMIUM, HOW_TO_HAVE_IT
from tests.support.commands import migrate
from tests.support.databases import lent_database, new_database
from tests.support.leftovers import WATCH
from tests.support.pgbouncer import Pooler
from tests.support.postgres import Postgres, private_server
from tests.support.temporary_files import memory_folder
from tests.support.waiting import patience_seconds

__all__ = ["ROOT", "Postgres", "migrate"]

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
# A folder without certificates: nothing here speaks TLS to a public host, and reading the certificates of the
# machine takes 23 ms of each HTTP client, of which the suite makes thousands.
NO_CERTIFICATES = TESTS / "support"
# What takes longest goes first. The files of a folder stay together, because they share its fixtures.
LONG = (
    "chaos/",
    "browser/",
    "benchmarks/",
    "e2e/",
    "worker/dispatch/test_model_failures.py",
    "property/",
    "simulation/",
    "first_day/",
    "docs/test_commands.py",
    "worker/telegram/",
)
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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage meanwhile: what is imported stays, and looking takes a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders and files that take longest, so that no process is busy alone at the end."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(TESTS).as_posix()
    return next((place for place, start in enumerate(LONG) if path.startswith(start)), len(LONG))


class _LongScopes:
    """A separate plugin: pytest calls no hook of tests/conftest.py for session-scoped fixtures."""

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Processes that a fixture of a longer scope starts may outlive the test that asked for it first."""
        if fixturedef.scope == "function" or fixturedef.argname.startswith("_no_leftovers"):
            return (yield)
        with WATCH.long_scope():
            return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set what must be set before other plugins read it, and watch for leftovers."""
    # TEST_PATIENCE scales pytest-timeout's own limit, too.
    # In a worker of pytest-xdist the option is set already: it gets the options of the main process.
    if config.option.timeout is None:
        config.option.timeout = patience_seconds(float(config.getini("timeout")))
    # Each process of pytest-xdist, and each that a test starts, would compile everything: 8 s of a core.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = str(NO_CERTIFICATES)
    if folder := memory_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)
    WATCH.install()
    config.pluginmanager.register(_LongScopes())


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exclude the modules that are imported by now from the collections after each test."""
    WATCH.collect_garbage()


@pytest.fixture(scope="session", autouse=True)
def _no_leftovers_of_the_run() -> Iterator[None]:
    """Report what survived the looks after its own test, under the name of the last test of the run."""
    yield
    WATCH.collect_everything()


@pytest.fixture(scope="module", autouse=True)
def _no_leftovers_of_fixtures() -> Iterator[None]:
    """Report what the fixtures of a module left unclosed under the name of the module's last test."""
    yield
    WATCH.end_of_module()


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the maintenance database of a private PostgreSQL."""
    with private_server() as url:
        yield url


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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database: SQLite, then PostgreSQL."""
    with lent_database(request, request.param, tmp_path) as url:
        yield url


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
    with lent_database(request, request.param, tmp_path_factory.mktemp("kept")) as url:
        database = Database(url)
        yield database
        await database.close()
