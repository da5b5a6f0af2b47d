"""Headers have a size, a number and a time; connections have a number. Over real sockets."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from api.middleware import connection_limits
from api.middleware.connection_limits import LimitedProtocol
from tests.support.waiting import patience, until_async

GET = b"GET /x HTTP/1.1\r\nHost: localhost\r\n"


async def _app(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(**limits: float) -> AsyncIterator[tuple[int, type[LimitedProtocol]]]:
    kind = type("Protocol", (LimitedProtocol,), limits)
    config = uvicorn.Config(_app, port=0, http=kind, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await until_async(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1], kind
    finally:
        server.should_exit = True
        await running


async def _send(port: int, *parts: bytes) -> bytes:
    """Return all that the server answers until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        async with patience():
            with contextlib.suppress(ConnectionError):
                return await reader.read()
        return b""
    finally:
        writer.close()


CLOSE = b"Connection: close\r\n\r\n"


async def test_usual_requests_pass_also_several_in_a_connection() -> None:
    async with serving() as (port, _):
        assert (await _send(port, GET + CLOSE)).startswith(b"HTTP/1.1 204")
        cookie = b"Cookie: " + b"x" * 16_000 + b"\r\n"
        answers = await _send(port, GET + cookie + b"\r\n", GET + cookie + b"\r\n", GET + cookie + CLOSE)
        assert answers.count(b"HTTP/1.1 204") == 3


@pytest.mark.parametrize(
    "parts",
    [
        [GET, *[b"X-Long: " + b"x" * 8_000 + b"\r\n"] * 10],
        [GET, b"X-Long: ", *[b"x" * 8_000] * 10],
        [b"GET /", *[b"x" * 8_000] * 10],
        [GET + b"X: y\r\n" * 200 + CLOSE],
        [GET + b"X: " + b"y" * 60_000 + b"\r\n" + CLOSE],
    ],
    ids=["many long", "one endless", "long address", "many", "at once"],
)
async def test_headers_that_are_too_large_are_refused(parts: list[bytes]) -> None:
    async with serving() as (port, _):
        assert (await _send(port, *parts)).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("parts", [[], [b"GET /x HT"], [GET], [GET + b"\r\n", GET]])
async def test_headers_that_do_not_come_are_not_waited_for(parts: list[bytes]) -> None:
    async with serving(header_seconds=0.2) as (port, _):
        answer = await _send(port, *parts)
        assert answer.rpartition(b"HTTP/1.1 ")[2].startswith(b"408")


@pytest.mark.parametrize("earlier", [0, 1], ids=["first request", "next request"])
def test_what_came_during_a_stall_is_answered(earlier: int) -> None:
    """On uvloop, as the api runs: after a stall it runs late timers before it reads what has come."""
    uvloop.run(_stall(earlier))


async def _stall(earlier: int) -> None:
    loop = asyncio.get_running_loop()
    async with serving(header_seconds=0.2, keep_alive_seconds=0.2) as (port, _):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setblocking(False)
            # The server has accepted the connection, and its timer runs.
            await asyncio.sleep(0.05)
            for _ in range(earlier):
                client.send(GET + b"\r\n")
                assert await _is_answered(client)
            loop.add_writer(client, _send_and_stall, loop, client)
            assert await _is_answered(client)


def _send_and_stall(loop: asyncio.AbstractEventLoop, client: socket.socket) -> None:
    loop.remove_writer(client)
    client.send(GET + b"\r\n")
    time.sleep(0.4)


async def _is_answered(client: socket.socket) -> bool:
    async with patience():
        answer = await asyncio.get_running_loop().sock_recv(client, 1_000)
    return answer.startswith(b"HTTP/1.1 204")


async def test_a_large_body_is_no_header() -> None:
    async with serving() as (port, _):
        body = b"x" * 200_000
        head = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n" + CLOSE
        assert (await _send(port, head + body)).startswith(b"HTTP/1.1 204")


async def test_connections_above_the_limit_are_refused_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(max_connections=2) as (port, _):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _ in range(3):
            assert (await _send(port, GET + CLOSE)).startswith(b"HTTP/1.1 503")
        for _, writer in held:
            writer.close()
        await until_async(lambda: _is_free(port), "a connection is accepted again")
    records = [record for record in caplog.records if record.name == connection_limits.__name__]
    assert len(records) == 1


async def _is_free(port: int) -> bool:
    return (await _send(port, GET + CLOSE)).startswith(b"HTTP/1.1 204")


def test_the_limit_fits_the_open_files() -> None:
    assert 16 <= connection_limits.raise_file_limit() <= connection_limits.MAX_CONNECTIONS
