"""An MTProxy in front of the fake Telegram, with plain, dd and ee secrets."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

from sandbox.fake_telegram.mtproto.obfuscated import GREETING, HEADER_BYTES, Cipher, Records, WrongSecretError

CHUNK = 1 << 16
Read = Callable[[], Awaitable[bytes]]


class MtProxy:
    """Connects clients that know `secret` to the address of `target`; to others it never answers."""

    def __init__(self, target: Callable[[], tuple[str, int]], secret: bytes | None = None) -> None:
        self.secret = secret or secrets.token_bytes(16)
        self.port = 0
        self.carried = 0
        self._target = target
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def up(self, host: str = "127.0.0.1") -> None:
        """Listen on any port."""
        self._listener = await asyncio.start_server(self._accept, host, 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._listener is not None:
            self._listener.close()
            for writer in list(self._open):
                writer.transport.abort()
            await self._listener.wait_closed()

    def link(self, marker: str = "", domain: str = "") -> str:
        """Return the tg://proxy link; `marker` is dd, or ee with the domain to imitate."""
        secret = marker + self.secret.hex() + domain.encode().hex()
        return f"tg://proxy?server=127.0.0.1&port={self.port}&secret={secret}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._serve(reader, writer)
        except WrongSecretError:
            # A port scanner must not find out that this is a proxy.
            while await reader.read(CHUNK):
                pass
        except (EOFError, OSError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(HEADER_BYTES)
        if first.startswith(GREETING):
            records = Records(reader)
            writer.write(await records.hello(first, self.secret))
            await self._carry(await records.read(), records.read, writer, Records.wrap)
        else:
            await self._carry(first, lambda: reader.read(CHUNK), writer, bytes)

    async def _carry(
        self, first: bytes, read: Read, writer: asyncio.StreamWriter, wrap: Callable[[bytes], bytes]
    ) -> None:
        cipher = Cipher(first[:HEADER_BYTES], self.secret)
        there, back = await asyncio.open_connection(*self._target())
        self.carried += 1
        self._open.add(back)
        try:
            back.write(cipher.tag + cipher.decrypt(first[HEADER_BYTES:]))
            outward = asyncio.ensure_future(_outward(read, back, cipher))
            inward = asyncio.ensure_future(_inward(there, writer, cipher, wrap))
            await asyncio.wait({outward, inward}, return_when=asyncio.FIRST_COMPLETED)
            for direction in (outward, inward):
                direction.cancel()
            await asyncio.gather(outward, inward, return_exceptions=True)
        finally:
            self._open.discard(back)
            back.close()


async def _outward(read: Read, back: asyncio.StreamWriter, cipher: Cipher) -> None:
    while data := await read():
        back.write(cipher.decrypt(data))
        await back.drain()


async def _inward(
    there: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    cipher: Cipher,
    wrap: Callable[[bytes], bytes],
) -> None:
    while data := await there.read(CHUNK):
        writer.write(wrap(cipher.encrypt(data)))
        await writer.drain()
