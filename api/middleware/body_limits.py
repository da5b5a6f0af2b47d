"""Limits the size of a request's body, also after unpacking, and the time it may take to arrive."""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024
MIB = 1024 * 1024
# A file may take this many times as long as a form.
_FILE_TIME_FACTOR = 20
# Read and discarded before the refusal: a client that is cut off in mid-body never reads the response.
_MAX_DRAINED_BYTES = 16 * MIB
# A small packed message can unpack to a large one: the route gets it in pieces.
_PIECE = 64 * 1024
# The `wbits` of zlib select the format to expect.
_WBITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class BodyRefused(HTTPException):
    """The body breaks a limit; `part` is the content of the message that broke it."""

    def __init__(self, status_code: int, detail: str, part: bytes = b"") -> None:
        # The rest of the body may not have been read: the connection closes after the response.
        super().__init__(status_code, detail, headers={"Connection": "close"})
        self.part = part


@dataclass(frozen=True)
class FileLimit:
    """The limit in bytes for bodies with files, at `path` and all paths below it.

    `media_type`: applies only to bodies with this media type; empty: to all.
    """

    path: str
    max_bytes: int
    media_type: str = ""

    def covers(self, path: str, headers: Headers) -> bool:
        """Return True if a request may be as large as a file."""
        if not path.startswith(self.path) or path[len(self.path) :][:1] not in {"", "/"}:
            return False
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.media_type in {"", media_type}


class BodyLimits:
    """Raises BodyRefused in a route that reads a body over LARGEST_BODY, unpacked, or slower than `seconds`.

    `files`: which requests may be larger, and take more time; the first that covers a request counts.
    """

    def __init__(self, app: ASGIApp, seconds: float, files: Sequence[FileLimit] = ()) -> None:
        self.app = app
        self.seconds = seconds
        self.files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process the request; the route gets a refusal as an exception when it reads the body."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            limit = next((limit for limit in self.files if limit.covers(scope["path"], headers)), None)
            seconds = self.seconds * _FILE_TIME_FACTOR if limit else self.seconds
            max_bytes = limit.max_bytes if limit else LARGEST_BODY
            receive = _Body(receive, headers, seconds, max_bytes).receive
        await self.app(scope, receive, send)


class _Body:
    def __init__(self, receive: Receive, headers: Headers, seconds: float, max_bytes: int) -> None:
        self._receive = receive
        self._headers = headers
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._too_large = f"the body is over {max_bytes // 1024} KiB"
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._is_whole = False
        self._has_started = False
        self._bytes_read = 0
        self._packed_bytes = 0
        encoding = headers.get("content-encoding", "identity").strip().lower()
        self._encoding = "" if encoding in {"", "identity"} else encoding
        self._unpacker: Any = zlib.decompressobj(_WBITS[encoding]) if encoding in _WBITS else None
        # The unpacker has more of the last message than fits into a piece.
        self._has_more = False

    async def receive(self) -> Message:
        """Return the server's next message, or a piece of it; raises BodyRefused if it breaks a limit."""
        if self._is_whole and not self._has_more:
            return await self._receive()  # only the disconnect can follow
        self._refuse_before_continue()
        message = self._next_piece() if self._has_more else await self._next()
        if message["type"] != "http.request":
            return message
        body = message.get("body", b"")
        self._has_started = self._has_started or bool(body)
        if self._encoding and self._has_started:
            body = message["body"] = await self._unpacked(body)
            message["more_body"] = self._has_more or not self._is_whole
        self._bytes_read += len(body)
        if max(self._bytes_read, self._packed_bytes) > self._max_bytes:
            await self._drain()
            raise BodyRefused(413, self._too_large, body)
        return message

    def _refuse_before_continue(self) -> None:
        # A client that waits for "100 Continue" gets the refusal before it sends the body.
        length = self._headers.get("content-length", "")
        is_waiting = self._headers.get("expect", "").lower() == "100-continue" and self._bytes_read == 0
        if is_waiting and length.isdecimal() and int(length[:20]) > self._max_bytes:
            raise BodyRefused(413, self._too_large)

    def _next_piece(self) -> Message:
        return {"type": "http.request", "body": self._unpacker.unconsumed_tail or self._unpacker.unused_data}

    def _decompress(self, packed: bytes, room: int) -> bytes:
        """Unpack up to `room` bytes. A gzip may consist of several members, one after the other."""
        body = bytearray()
        while packed and len(body) < room:
            if self._unpacker.eof:
                if "gzip" not in self._encoding or not packed.strip(b"\x00"):
                    # Padding.
                    break
                self._unpacker = zlib.decompressobj(_WBITS[self._encoding])
            body += self._unpacker.decompress(packed, room - len(body))
            packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
        return bytes(body)

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BodyRefused(408, f"the body did not come within {self._seconds:g} seconds") from None
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _unpacked(self, packed: bytes) -> bytes:
        if self._unpacker is None:
            await self._drain()
            raise BodyRefused(415, f"Content-Encoding {self._encoding[:40]!a} is not understood", packed)
        if not self._has_more:
            # Bytes after the end of the packed body unpack to nothing, but are limited too.
            self._packed_bytes += len(packed)
        # The limit applies to the unpacked bytes: a kilobyte can unpack to a megabyte.
        room = min(_PIECE, self._max_bytes + 1 - self._bytes_read)
        try:
            body = self._decompress(packed, room)
        except zlib.error:
            await self._drain()
            raise BodyRefused(400, f"the body is not {self._encoding}", packed) from None
        is_full = len(body) == room
        self._has_more = is_full and (not self._unpacker.eof or bool(self._unpacker.unused_data))
        if self._is_whole and not self._unpacker.eof and not self._has_more:
            raise BodyRefused(400, f"the body is not {self._encoding}: its end is missing", body)
        return body

    async def _drain(self) -> None:
        drained = 0
        while not self._is_whole and drained < _MAX_DRAINED_BYTES:
            try:
                drained += len((await self._next()).get("body", b""))
            except BodyRefused:
                return
