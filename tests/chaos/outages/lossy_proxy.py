"""A proxy to PostgreSQL that can lose the answer to a COMMIT that has succeeded."""

import contextlib
import select
import socket
import threading
from urllib.parse import parse_qs, urlsplit

COMMIT = b"COMMIT"
READ_BYTES = 65536
POLL_SECONDS = 0.2


class LossyProxy:
    """Forwards connections to the PostgreSQL of `url`; `lose` cuts some of them after a commit."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket_path = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._every = 0
        self._commits = 0
        self.lost = 0
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, every: int) -> None:
        """From now on lose the answer to every n-th commit; 0 loses none."""
        self._every = every

    def close(self) -> None:
        """Cut all connections."""
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self._socket_path)
            while not self._closed.is_set():
                ready, _, _ = select.select([client, server], [], [], POLL_SECONDS)
                for source in ready:
                    data = source.recv(READ_BYTES)
                    if not data:
                        return
                    (server if source is client else client).sendall(data)
                    if source is client and COMMIT in data and self._is_lost():
                        # Read the answer first: then the commit has succeeded.
                        server.recv(READ_BYTES)
                        return

    def _is_lost(self) -> bool:
        self._commits += 1
        is_lost = self._every > 0 and self._commits % self._every == 0
        self.lost += is_lost
        return is_lost
