"""Small proxies of the kinds that are for everything: SOCKS5 with a password, and HTTP CONNECT."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

NAME, PASSWORD = "ann", "p@ss:w/rd"
CHUNK = 1 << 16

Greet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int]]]


@asynccontextmanager
async def proxying(greet: Greet) -> AsyncIterator[int]:
    """A proxy for the length of a `async with`; gives its port."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            there, back = await asyncio.open_connection(*await greet(reader, writer))
            directions = [asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))]
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            for direction in directions:
                direction.cancel()
            back.close()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """RFC 1928 with RFC 1929's password; gives where the client wants to go."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\x05\x02")
    name = await reader.readexactly((await reader.readexactly(2))[1])
    password = await reader.readexactly((await reader.readexactly(1))[0])
    known = (name.decode(), password.decode()) == (NAME, PASSWORD)
    writer.write(b"\x01\x00" if known else b"\x01\x01")
    if not known:
        raise EOFError
    kind = (await reader.readexactly(4))[3]
    size = 4 if kind == 1 else (await reader.readexactly(1))[0]
    address = await reader.readexactly(size)
    port = int.from_bytes(await reader.readexactly(2), "big")
    writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
    return ".".join(map(str, address)) if kind == 1 else address.decode(), port


async def http_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """RFC 9110's CONNECT with a password; gives where the client wants to go."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    host, port = head.split()[1].rsplit(":", 1)
    wanted = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    if f"Basic {wanted}" not in head:
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        raise EOFError
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return host, int(port)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
