"""Proxies to a PostgreSQL on a Unix socket, for the faults of a network."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

COMMIT = b"COMMIT"
READ_BYTES = 65536
POLL_SECONDS = 0.1


class PostgresProxy:
    """Forwards connections to the server of `url`; a subclass says what goes wrong."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket_path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        user = parts.netloc.rpartition("@")[0] or "postgres"
        self.url = f"postgresql://{user}@127.0.0.1:{self.port}{parts.path}"
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Cut all connections."""
        self._closed.set()
        self._listener.close()

    def wait_before_forwarding(self) -> None:
        """Return as soon as the next bytes may pass."""

    def cuts_after(self, sent: bytes, server: socket.socket) -> bool:
        """Return True to cut the connection after these bytes of the client."""
        del sent, server
        return False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            self.wait_before_forwarding()
            server.connect(self._socket_path)
            while not self._closed.is_set():
                ready, _, _ = select.select([client, server], [], [], POLL_SECONDS)
                for source in ready:
                    self.wait_before_forwarding()
                    data = source.recv(READ_BYTES)
                    if not data:
                        return
                    (server if source is client else client).sendall(data)
                    if source is client and self.cuts_after(data, server):
                        return


class SilentProxy(PostgresProxy):
    """Forwards nothing in a block of `silence`, as a network that drops every packet.

    Connections stay open meanwhile, and new ones are neither answered nor refused.
    """

    def __init__(self, url: str) -> None:
        self._forwards = threading.Event()
        self._forwards.set()
        super().__init__(url)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Forward nothing until the block ends; what was sent meanwhile arrives after it."""
        self._forwards.clear()
        try:
            yield
        finally:
            self._forwards.set()

    def close(self) -> None:
        """Cut all connections."""
        self._forwards.set()
        super().close()

    def wait_before_forwarding(self) -> None:
        """Wait for the end of the silence."""
        self._forwards.wait()


class LossyProxy(PostgresProxy):
    """Can lose the answer to a COMMIT that has succeeded: `lose` cuts some connections after a commit."""

    def __init__(self, url: str) -> None:
        self._every = 0
        self._commits = 0
        self.lost = 0
        super().__init__(url)

    def lose(self, every: int) -> None:
        """From now on lose the answer to every n-th commit; 0 loses none."""
        self._every = every

    def cuts_after(self, sent: bytes, server: socket.socket) -> bool:
        """Return True after the commits whose answer is lost."""
        if COMMIT not in sent:
            return False
        self._commits += 1
        is_lost = self._every > 0 and self._commits % self._every == 0
        self.lost += is_lost
        if is_lost:
            # Read the answer first: then the commit has succeeded.
            server.recv(READ_BYTES)
        return is_lost
