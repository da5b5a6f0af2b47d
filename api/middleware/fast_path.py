"""Fast path: serves the two busiest endpoints, `POST /leads` and the Tilda webhook, before routing."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from api.middleware.body_limits import LARGEST_BODY

# By method and path. An endpoint that returns None has changed nothing: the normal route answers instead.
FastEndpoints = Mapping[tuple[str, str], Callable[[Request], Awaitable[Response | None]]]


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request and returns the response.

    Its dependencies only appear in the OpenAPI schema: resolving them would cost too much time per request.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint itself."""
        return self.endpoint


class FastPathMiddleware:
    """Calls a fast endpoint past FastAPI's router and middleware layers, which cost more than the endpoint.

    Exceptions of the endpoint are answered by the same handlers as on the normal route.
    """

    def __init__(
        self, app: ASGIApp, endpoints: FastEndpoints, handlers: Mapping[Any, ExceptionHandler]
    ) -> None:
        self.app = app
        self._endpoints = endpoints
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the fast endpoint's response, or pass the request on if there is none."""
        key = (scope["method"], scope["path"]) if scope["type"] == "http" else None
        endpoint = self._endpoints.get(key) if key else None
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        replayable = ReplayableReceive(receive)
        try:
            response = await endpoint(Request(scope, replayable.receive))
        except Exception as error:  # noqa: BLE001 - a handler answers it, or else InternalErrors
            await ExceptionMiddleware(_raising(error), self._handlers)(scope, receive, send)
        else:
            await (response or self.app)(scope, receive if response else replayable.replay, send)


def _raising(error: Exception) -> ASGIApp:
    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return fail


class ReplayableReceive:
    """Records the server's messages, so that the normal route can read them a second time.

    A body over LARGEST_BODY is not kept in memory and cannot be replayed: the endpoints of forms with files
    always answer.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._recorded: list[Message] = []
        self._bytes_recorded = 0

    async def receive(self) -> Message:
        """Return the server's next message and record it."""
        message = await self._receive()
        self._bytes_recorded += len(message.get("body", b""))
        if self._bytes_recorded > LARGEST_BODY:
            self._recorded.clear()
        else:
            self._recorded.append(message)
        return message

    async def replay(self) -> Message:
        """Return the recorded messages one by one, then the server's further ones."""
        if self._bytes_recorded > LARGEST_BODY:
            raise RuntimeError("the body is too large to be replayed")
        return self._recorded.pop(0) if self._recorded else await self._receive()
