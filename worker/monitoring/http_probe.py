"""/healthz and /readyz over HTTP, for an orchestrator that wants no command in the container: HEALTH_PORT."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from shared.errors import ConfigError
from worker.monitoring.heartbeat import Report

SECONDS = 5
_MOST_BYTES = 8_192
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

Ask = Callable[[], Awaitable[Report]]


@asynccontextmanager
async def served(host: str, port: int | None, ask: Ask) -> AsyncIterator[int]:
    """Answer for the length of a `async with`; gives the port, 0 when none is wanted.

    Raises ConfigError for a port that cannot be had.
    """
    if port is None:
        yield 0
        return

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What is no request gets no answer.
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            async with asyncio.timeout(SECONDS):
                writer.write(await _answer(reader, ask))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(accept, host, port, limit=_MOST_BYTES)
    except OSError as error:
        raise ConfigError(f"HEALTH_PORT: {host}:{port} cannot be had ({error.strerror})") from None
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def is_ready(report: Report) -> bool:
    """Whether leads are being answered; a standby is alive, but somebody else answers them."""
    return report.state == "connected" and report.trouble is None


async def _answer(reader: asyncio.StreamReader, ask: Ask) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, target, *_ = head.split(maxsplit=2)
    if method not in {"GET", "HEAD"}:
        return _response(405, {})
    match target.partition("?")[0]:
        case "/healthz":
            # This loop is what would hang.
            return _response(200, {"status": "alive"}, only_head=method == "HEAD")
        case "/readyz":
            report = await ask()
            ready = is_ready(report)
            body = {"status": "ready" if ready else "not ready", **asdict(report)}
            return _response(200 if ready else 503, body, only_head=method == "HEAD")
        case _:
            return _response(404, {})


def _response(status: int, body: dict[str, object], *, only_head: bool = False) -> bytes:
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if only_head else content)
