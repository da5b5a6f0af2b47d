"""TCP framing: abridged, intermediate, padded and full, detected by a connection's first bytes.

Source: https://core.telegram.org/mtproto/mtproto-transports
"""

import asyncio
import os
import secrets
import struct
import zlib
from typing import Protocol

MAX_PACKET = 1 << 22


class Frames(Protocol):
    """Reads and packs the packets of one connection; `read` raises EOFError or OSError at its end."""

    async def read(self) -> bytes: ...

    def pack(self, packet: bytes) -> bytes: ...


class Abridged:
    """Lengths in words of 4 bytes: one byte, or 0x7f and three bytes."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        words = (await self._reader.readexactly(1))[0]
        if words == 0x7F:
            words = int.from_bytes(await self._reader.readexactly(3), "little")
        return await self._reader.readexactly(_check_length(words * 4))

    def pack(self, packet: bytes) -> bytes:
        words = len(packet) // 4
        head = bytes([words]) if words < 0x7F else b"\x7f" + words.to_bytes(3, "little")
        return head + packet


class Intermediate:
    """Lengths in bytes, as four bytes."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        length = int.from_bytes(await self._reader.readexactly(4), "little")
        return await self._reader.readexactly(_check_length(length))

    def pack(self, packet: bytes) -> bytes:
        return struct.pack("<I", len(packet)) + packet


class Padded(Intermediate):
    """As intermediate, with up to 15 random bytes after each packet."""

    async def read(self) -> bytes:
        packet = await super().read()
        if packet[:8] == bytes(8):
            # An unencrypted packet contains its length.
            return packet[: 20 + int.from_bytes(packet[16:20], "little")]
        return packet[: len(packet) - (len(packet) - 24) % 16]

    def pack(self, packet: bytes) -> bytes:
        return super().pack(packet + os.urandom(secrets.randbelow(16)))


class Full:
    """Length, sequence number, CRC32. There is no tag, so `detect` has already read the first length."""

    def __init__(self, reader: asyncio.StreamReader, first: bytes) -> None:
        self._reader = reader
        self._first = first
        self._sent = 0

    async def read(self) -> bytes:
        head, self._first = self._first or await self._reader.readexactly(4), b""
        length = _check_length(int.from_bytes(head, "little"))
        rest = await self._reader.readexactly(max(length - 4, 8))
        if zlib.crc32(head + rest[:-4]) != int.from_bytes(rest[-4:], "little"):
            raise EOFError("bad CRC")
        return rest[4:-4]

    def pack(self, packet: bytes) -> bytes:
        body = struct.pack("<II", len(packet) + 12, self._sent) + packet
        self._sent += 1
        return body + struct.pack("<I", zlib.crc32(body))


async def detect(reader: asyncio.StreamReader) -> Frames:
    """Return the framing that the client has chosen."""
    tag = await reader.readexactly(1)
    if tag == b"\xef":
        return Abridged(reader)
    tag += await reader.readexactly(3)
    if tag == b"\xee\xee\xee\xee":
        return Intermediate(reader)
    if tag == b"\xdd\xdd\xdd\xdd":
        return Padded(reader)
    return Full(reader, tag)


def _check_length(length: int) -> int:
    if length > MAX_PACKET:
        raise EOFError(f"a packet of {length} bytes")
    return length
