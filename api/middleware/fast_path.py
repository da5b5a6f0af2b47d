"""A short way to the busiest doors, past the layers of router and framework, which cost more than a door."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

# By method and path. A door that gives None sends the request the long way, and has changed nothing by then.
FastEndpoints = Mapping[tuple[str, str], Callable[[Request], Awaitable[Response | None]]]


class FastPathMiddleware:
    """Hands a request to its door. What a door raises is answered as it is on the long way."""

    def __init__(self, app: ASGIApp, doors: FastEndpoints, handlers: Mapping[Any, ExceptionHandler]) -> None:
        self.app = app
        self._doors = doors
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The door's answer, or what the application says to a request that the door gives back."""
        door = self._doors.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if door is None:
            await self.app(scope, receive, send)
            return
        heard = ReplayableReceive(receive)
        try:
            response = await door(Request(scope, heard.receive))
        except Exception as error:  # noqa: BLE001 - a handler's, or else LastResort's
            await ExceptionMiddleware(_raising(error), self._handlers)(scope, receive, send)
        else:
            await (response or self.app)(scope, receive if response else heard.again, send)


def _raising(error: Exception) -> ASGIApp:
    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return fail


class ReplayableReceive:
    """What the server says, and the same once more for whoever comes after."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._heard: list[Message] = []

    async def receive(self) -> Message:
        """The next message."""
        message = await self._receive()
        self._heard.append(message)
        return message

    async def again(self) -> Message:
        """The messages from the first one on."""
        return self._heard.pop(0) if self._heard else await self._receive()
