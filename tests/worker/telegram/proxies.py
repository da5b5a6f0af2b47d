"""Small general-purpose proxies for tests: SOCKS5 with a password, and HTTP CONNECT."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

NAME, PASSWORD = "ann", "p@ss:w/rd"
CHUNK = 1 << 16

Handshake = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int]]]


@asynccontextmanager
async def running_proxy(handshake: Handshake) -> AsyncIterator[int]:
    """Run a proxy during an `async with` block; yields its port."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            target_reader, target_writer = await asyncio.open_connection(*await handshake(reader, writer))
            directions = [
                asyncio.create_task(_pump(reader, target_writer)),
                asyncio.create_task(_pump(target_reader, writer)),
            ]
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            for direction in directions:
                direction.cancel()
            target_writer.close()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """RFC 1928 with the password of RFC 1929; returns host and port of the client's target."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\x05\x02")
    name = await reader.readexactly((await reader.readexactly(2))[1])
    password = await reader.readexactly((await reader.readexactly(1))[0])
    is_valid = (name.decode(), password.decode()) == (NAME, PASSWORD)
    writer.write(b"\x01\x00" if is_valid else b"\x01\x01")
    if not is_valid:
        raise EOFError
    kind = (await reader.readexactly(4))[3]
    size = 4 if kind == 1 else (await reader.readexactly(1))[0]
    address = await reader.readexactly(size)
    port = int.from_bytes(await reader.readexactly(2), "big")
    writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
    return ".".join(map(str, address)) if kind == 1 else address.decode(), port


async def http_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """CONNECT of RFC 9110 with a password; returns host and port of the client's target."""
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
