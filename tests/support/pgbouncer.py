"""PgBouncer in transaction mode in front of a private PostgreSQL: no session outlives a transaction."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg import sql

from tests.support.waiting import patience_seconds, until

# Debian installs it in a folder that only root has in PATH.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
_NAME = "bouncer"
_CONFIG = """
[databases]
* = {server}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
# Few, so that consecutive transactions of a client soon use different sessions.
default_pool_size = 8
max_client_conn = 500
server_idle_timeout = 5
logfile = {folder}/log
admin_users = {name}
"""


class Pooler:
    """Runs PgBouncer inside a `with` block; `server` is the URL of the PostgreSQL behind it."""

    def __init__(self, server: str) -> None:
        program = shutil.which("pgbouncer", path=_PATH)
        assert program is not None, "pgbouncer is not installed: apt-get install pgbouncer"
        # The path of a Unix socket is limited to about 100 bytes: pytest's own folders are too long.
        self._folder = Path(tempfile.mkdtemp(prefix="bouncer-"))
        config = self._folder / "pgbouncer.ini"
        config.write_text(_CONFIG.format(server=_address(server), folder=self._folder, name=_NAME))
        # PgBouncer refuses to run as root: then it runs as the server's user, who may open the socket.
        user = Path(_host(server)).owner() if os.geteuid() == 0 else None
        if user:
            shutil.chown(self._folder, user)
        self._process = subprocess.Popen(
            [program, "-q", config], user=user, extra_groups=[] if user else None, start_new_session=True
        )
        until((self._folder / ".s.PGSQL.6432").exists, "pgbouncer listens")

    def __enter__(self) -> "Pooler":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(patience_seconds())
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database through the pooler."""
        return f"postgresql://{_NAME}@/{database}?host={self._folder}&port=6432"

    def close_connections(self, database: str) -> None:
        """Close the pooler's connections to a database."""
        with psycopg.connect(self.url("pgbouncer"), autocommit=True, prepare_threshold=None) as console:
            console.pgconn.exec_(sql.SQL("KILL {}").format(sql.Identifier(database)).as_bytes(console))
            console.pgconn.exec_(sql.SQL("RESUME {}").format(sql.Identifier(database)).as_bytes(console))


def _host(server: str) -> str:
    return parse_qs(urlsplit(server).query)["host"][0]


def _address(server: str) -> str:
    """A server in the form of PgBouncer's configuration."""
    return f"host={_host(server)} port=5432 user={urlsplit(server).username}"
