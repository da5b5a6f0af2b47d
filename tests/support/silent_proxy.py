"""A proxy to a PostgreSQL on a Unix socket that can stop forwarding, as a network that drops every packet."""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

READ_BYTES = 65536
POLL_SECONDS = 0.1


class SilentProxy:
    """Forwards connections to the server of `url`; in a block of `silence` it forwards nothing.

    Connections stay open meanwhile, and new ones are neither answered nor refused.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket_path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        user = parts.netloc.rpartition("@")[0] or "postgres"
        self.url = f"postgresql://{user}@127.0.0.1:{self.port}{parts.path}"
        self._closed = threading.Event()
        self._forwards = threading.Event()
        self._forwards.set()
        threading.Thread(target=self._accept, daemon=True).start()

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
        self._closed.set()
        self._forwards.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            self._forwards.wait()
            server.connect(self._socket_path)
            while not self._closed.is_set():
                ready, _, _ = select.select([client, server], [], [], POLL_SECONDS)
                for source in ready:
                    self._forwards.wait()
                    data = source.recv(READ_BYTES)
                    if not data:
                        return
                    (server if source is client else client).sendall(data)
