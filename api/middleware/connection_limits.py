"""Limits of one connection: the size, number and time of a request's headers; and of all connections."""

import asyncio
import logging
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = logging.getLogger(__name__)

# The request line and the headers together. nginx accepts 4 x 8 KiB.
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100
# From the connection, or from the first byte of a further request, to the end of its headers.
HEADER_SECONDS = 10.0
# How long a connection waits for its next request. A proxy keeps its own for 60 s (nginx, AWS), and must not
# send a form over one that is being closed. Shorter while half of all connections are in use.
KEEP_ALIVE_SECONDS, CROWDED_KEEP_ALIVE_SECONDS = 75.0, 5.0
# After a stall of this process uvloop runs late timers before it reads what came meanwhile.
_LATE_SECONDS = 0.05
# Also of connections that wait for their next request.
MAX_CONNECTIONS = 8_000
# Open files for everything else: the database, logs, uploads.
RESERVED_FILES = 128
RETRY_AFTER_SECONDS = 5
_LOG_EVERY_SECONDS = 60.0
_PLAIN = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"


def raise_file_limit() -> int:
    """Raise this process's limit of open files; returns how many connections fit."""
    try:
        import resource  # noqa: PLC0415 - missing on Windows
    except ImportError:
        return 256
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + RESERVED_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    files = wanted if soft == resource.RLIM_INFINITY else soft
    return max(16, min(MAX_CONNECTIONS, files - RESERVED_FILES))


class LimitedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol has no such limits. `max_connections` is set by the program."""

    max_connections = MAX_CONNECTIONS
    header_seconds = HEADER_SECONDS
    keep_alive_seconds = KEEP_ALIVE_SECONDS
    _logged_at = float("-inf")

    _timer: asyncio.TimerHandle | None = None
    _is_in_headers = True
    _bytes = _unparsed = 0
    _is_too_large = False

    # Asyncio gives a stream protocol this kind of transport; uvicorn narrows the type as well.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or refuse it if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._log_refusal()
            self._answer(
                b"503 Service Unavailable", f"retry-after: {RETRY_AFTER_SECONDS}\r\n".encode(), b"too busy"
            )
            return
        is_crowded = 2 * len(self.connections) > self.max_connections
        # Uvicorn declares whole seconds, and only adds them to the loop's time.
        seconds = CROWDED_KEEP_ALIVE_SECONDS if is_crowded else self.keep_alive_seconds
        self.timeout_keep_alive = seconds  # type: ignore[assignment]
        self._await_headers()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that waits for its next request, unless one has come during a stall."""
        close = super().timeout_keep_alive_handler
        # Uvicorn cancels it when data arrive.
        self.timeout_keep_alive_task = self.loop.call_later(_LATE_SECONDS, close)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived; refuse headers that never end."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._is_in_headers:
            # The callbacks count complete headers only.
            self._count(len(data))
            if self._is_too_large and not self.transport.is_closing():
                self.send_400_response("")

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that cannot be parsed, or whose headers break a limit."""
        if self._is_too_large:
            self._answer(b"431 Request Header Fields Too Large", b"", b"the headers are too large")
        else:
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._is_in_headers, self._bytes = True, 0
        if self._timer is None:
            self._await_headers()

    def on_url(self, url: bytes) -> None:
        """A part of the request line has arrived."""
        super().on_url(url)
        self._check(len(self.url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has arrived."""
        super().on_header(name, value)
        self._bytes += len(name) + len(value)
        self._check(self._bytes + len(self.url))

    def on_headers_complete(self) -> None:
        """All headers have arrived."""
        self._is_in_headers = False
        self._stop_timer()
        super().on_headers_complete()

    def _check(self, size: int) -> None:
        if size > MAX_HEADER_BYTES or len(self.headers) > MAX_HEADERS:
            self._is_too_large = True
            # Ends the parsing: uvicorn then calls `send_400_response`.
            raise ValueError("the headers are too large")

    def _count(self, received: int) -> None:
        self._unparsed += received
        self._is_too_large = self._unparsed > MAX_HEADER_BYTES

    def _await_headers(self) -> None:
        self._unparsed = 0
        self._timer = self.loop.call_later(self.header_seconds, self._on_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        self._timer = self.loop.call_later(_LATE_SECONDS, self._refuse_late)

    def _refuse_late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._answer(b"408 Request Timeout", b"", b"the headers did not come in time")

    def _answer(self, status: bytes, headers: bytes, text: bytes) -> None:
        length = b"content-length: %d\r\n\r\n" % len(text)
        self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + _PLAIN + headers + length + text)
        self.transport.close()

    def _log_refusal(self) -> None:
        kind: Any = type(self)
        if time.monotonic() - kind._logged_at >= _LOG_EVERY_SECONDS:
            kind._logged_at = time.monotonic()
            logger.warning(
                "%d connections are open: further ones are refused; raise the limit of open files"
                " (ulimit -n), or put a proxy in front",
                self.max_connections,
            )
