"""What a request may carry: nobody has a form of megabytes, nor types it byte by byte for a minute."""

import asyncio
import zlib
from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024
# A file may take so many times as long as a form.
_FILE_PATIENCE = 20
# Read and thrown away: who is cut off in mid-body never hears why.
_MOST_DRAINED = 16 * 1024 * 1024
# How zlib is told which wrapping to expect.
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class BodyRefused(HTTPException):
    """The body breaks a limit; `part` is what of it came in the message that broke it."""

    def __init__(self, status_code: int, detail: str, part: bytes = b"") -> None:
        # The rest of the body may not have been read: the connection ends with the answer.
        super().__init__(status_code, detail, headers={"Connection": "close"})
        self.part = part


class BodyLimits:
    """Gives routes bodies of at most LARGEST_BODY, unpacked, whole within `seconds`; else BodyRefused.

    `files`: the paths that take files, each with the most bytes of one.
    """

    def __init__(self, app: ASGIApp, seconds: float, files: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.seconds = seconds
        self.files = files or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stand between the server and the route: the route that reads gets the refusal as an exception."""
        if scope["type"] == "http":
            most = self.files.get(scope["path"])
            seconds = self.seconds if most is None else self.seconds * _FILE_PATIENCE
            receive = _Body(receive, Headers(scope=scope), seconds, most or LARGEST_BODY).receive
        await self.app(scope, receive, send)


class _Body:
    def __init__(self, receive: Receive, headers: Headers, seconds: float, most: int) -> None:
        self._receive = receive
        self._headers = headers
        self._seconds = seconds
        self._most = most
        self._too_large = f"the body is over {most // 1024} KiB"
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._is_whole = False
        self._has_begun = False
        self._read = 0
        encoding = headers.get("content-encoding", "identity").strip().lower()
        self._encoding = "" if encoding in {"", "identity"} else encoding
        self._unpacker: Any = zlib.decompressobj(_WINDOWS[encoding]) if encoding in _WINDOWS else None

    async def receive(self) -> Message:
        """The server's next message; raises BodyRefused with the first that breaks a limit."""
        if self._is_whole:
            return await self._receive()  # nothing but the end of the connection
        self._refuse_unasked()
        message = await self._next()
        if message["type"] != "http.request":
            return message
        body = message.get("body", b"")
        self._has_begun = self._has_begun or bool(body)
        if self._encoding and self._has_begun:
            body = message["body"] = await self._unpacked(body)
        self._read += len(body)
        if self._read > self._most:
            await self._drain()
            raise BodyRefused(413, self._too_large, body)
        return message

    def _refuse_unasked(self) -> None:
        # Who waits for "100 Continue" before sending too much is told at once.
        length = self._headers.get("content-length", "")
        waits = self._headers.get("expect", "").lower() == "100-continue" and self._read == 0
        if waits and length.isdecimal() and int(length[:20]) > self._most:
            raise BodyRefused(413, self._too_large)

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
        try:
            # The limit holds for what comes out: a kilobyte can unpack to a megabyte.
            body = bytes(self._unpacker.decompress(packed, self._most + 1 - self._read))
        except zlib.error:
            await self._drain()
            raise BodyRefused(400, f"the body is not {self._encoding}", packed) from None
        if self._is_whole and not self._unpacker.eof and len(body) + self._read <= self._most:
            raise BodyRefused(400, f"the body is not {self._encoding}: its end is missing", body)
        return body

    async def _drain(self) -> None:
        drained = 0
        while not self._is_whole and drained < _MOST_DRAINED:
            try:
                drained += len((await self._next()).get("body", b""))
            except BodyRefused:
                return
