"""Gives every request an id: in its answer, and in each line that is logged on its behalf."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.log import request_id

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class RequestIds:
    """Takes a caller's id over if it cannot forge a line of the log; else makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _SANE.fullmatch(given) else new_id()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        before = request_id.set(name)
        try:
            await self.app(scope, receive, named)
        finally:
            request_id.reset(before)


def new_id() -> str:
    """64 random bits. In letters alone: a row of digits would be masked in the log as somebody's phone."""
    return secrets.token_hex(8).translate(_LETTERS)
