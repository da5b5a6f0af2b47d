"""Gives every request an id: a response header, and a field of each log line written for it."""

import re
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logging_setup import request_id

HEADER = "X-Request-ID"
_NAME = HEADER.lower().encode()
_SAFE = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class RequestIds:
    """Uses the caller's id if it cannot forge a log line; otherwise creates one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process the request under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _NAME), b"")
        own_id = given.decode("ascii") if _SAFE.fullmatch(given) else new_id()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (_NAME, own_id.encode())]
            await send(message)

        previous = request_id.set(own_id)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            request_id.reset(previous)


def new_id() -> str:
    """Return 64 random bits as letters only: the log would mask a row of digits as a phone number."""
    return secrets.token_hex(8).translate(_LETTERS)
