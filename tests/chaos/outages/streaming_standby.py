"""Two PostgreSQL servers, one a streaming standby of the other, and the failover between them.

The wheel of PostgreSQL in the tests has no pg_basebackup: this needs Debian's package (apt-get install
postgresql).
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

from tests.conftest import migrate
from tests.support.waiting import patience_seconds, until

_OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories= -c wal_keep_size=256MB"


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs; None if it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup"))
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class StreamingPair:
    """A primary with the product's database, and its standby. `url` names both, in the form of libpq."""

    def __init__(self, *, synchronous: bool) -> None:
        programs = binaries()
        assert programs is not None
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="standby-"))
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        self._synchronous = synchronous
        self.kind = "sync" if synchronous else "async"
        self._ports = (_free_port(), _free_port())
        self.primary = 0
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        self.url = f"postgresql://postgres@{hosts}/leads?target_session_attrs=read-write"
        self._run("initdb", "-D", self._data(0), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        self._start(0)
        with psycopg.connect(self._url(0, "postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE leads")
        migrate(self._url(0, "leads"))
        self.add_standby()

    def add_standby(self) -> None:
        """Make the other server a new standby of the primary, and wait until it streams."""
        primary, standby = self.primary, 1 - self.primary
        shutil.rmtree(self._data(standby), ignore_errors=True)
        source = self._url(primary, "postgres")
        self._run("pg_basebackup", "-D", self._data(standby), "-R", "-c", "fast", "-d", source)
        self._start(standby)
        with psycopg.connect(source, autocommit=True) as connection:
            until(
                lambda: connection.execute(
                    "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
                ).fetchone(),
                "the standby streams",
            )
            names = "*" if self._synchronous else ""
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'".encode())
            connection.execute("SELECT pg_reload_conf()")

    def kill_primary(self) -> None:
        """Stop the primary as a crash does."""
        self._control(self.primary, "stop", "-m", "immediate")

    def promote(self) -> None:
        """Make the standby the primary; it waits for no standby of its own."""
        self.primary = 1 - self.primary
        self._control(self.primary, "promote", "-w")
        with psycopg.connect(self._url(self.primary, "postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        """Stop both servers and delete their data."""
        for number in (0, 1):
            try:
                self._control(number, "stop", "-m", "immediate")
            except subprocess.CalledProcessError:
                continue
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, number: int, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._ports[number]}/{name}"

    def _data(self, number: int) -> str:
        return str(self._folder / str(number))

    def _start(self, number: int) -> None:
        options = f"{_OPTIONS} -c port={self._ports[number]}"
        self._control(number, "start", "-w", "-o", options, "-l", str(self._folder / f"{number}.log"))

    def _control(self, number: int, *arguments: str) -> None:
        self._run("pg_ctl", "-D", self._data(number), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = (str(self._programs / program), *arguments)
        subprocess.run(
            command,
            user=self._user,
            cwd="/",
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=patience_seconds(),
        )
