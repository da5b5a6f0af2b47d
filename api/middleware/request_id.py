"""Gives every request an id: in its answer, and in each line that is logged on its behalf."""

import re
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logging_setup import request_id

HEADER = "X-Request-ID"
_NAME = HEADER.lower().encode()
_SANE = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
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
        given = next((value for name, value in scope["headers"] if name == _NAME), b"")
        name = given.decode("ascii") if _SANE.fullmatch(given) else new_id()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_NAME, name.encode())]
            await send(message)

        before = request_id.set(name)
        try:
            await self.app(scope, receive, named)
        finally:
            request_id.reset(before)


def new_id() -> str:
    """64 random bits. In letters alone: a row of digits would be masked in the log as somebody's phone."""
    return secrets.token_hex(8).translate(_LETTERS)
