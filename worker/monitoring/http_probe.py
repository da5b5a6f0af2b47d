"""/healthz and /readyz of the worker over HTTP on HEALTH_PORT, for orchestrators that probe by HTTP."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from shared.errors import ConfigError
from shared.localized_messages import sentence
from worker.monitoring.health_report import Report

TIMEOUT_SECONDS = 5
_MAX_HEADER_BYTES = 8_192
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

ReportLoader = Callable[[], Awaitable[Report]]


@asynccontextmanager
async def serve(host: str, port: int | None, load_report: ReportLoader) -> AsyncIterator[int]:
    """Serve the probes within the `async with`; yields the port, or 0 if `port` is None.

    Raises ConfigError if the port cannot be opened.
    """
    if port is None:
        yield 0
        return

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Malformed requests get no response.
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            async with asyncio.timeout(TIMEOUT_SECONDS):
                writer.write(await _respond(reader, load_report))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(accept, host, port, limit=_MAX_HEADER_BYTES)
    except OSError as error:
        # asyncio's own words repeat the address as a tuple.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ConfigError(
            sentence("HEALTH_PORT: {address} cannot be opened: {why}", address=f"{host}:{port}", why=why)
        ) from None
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def is_ready(report: Report) -> bool:
    """Return True if this worker is answering leads. A standby is alive but not ready."""
    return report.state == "connected" and report.trouble is None


async def _respond(reader: asyncio.StreamReader, load_report: ReportLoader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    method, target, *_ = head.split(maxsplit=2)
    if method not in {"GET", "HEAD"}:
        return _response(405, {})
    match target.partition("?")[0]:
        case "/healthz":
            # A hung event loop could not answer: the answer itself proves that it runs.
            return _response(200, {"status": "alive"}, only_head=method == "HEAD")
        case "/readyz":
            report = await load_report()
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
