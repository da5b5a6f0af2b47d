"""Mounts the console without loading it: Jinja2 and the pages are imported with the first request."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/console"


class LazyConsole:
    """The ASGI application of the console; builds the real one when it is first called."""

    def __init__(self) -> None:
        self._application: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._application is None:
            from api.console.application import build  # noqa: PLC0415 - saves memory while no page is open

            self._application = build()
        await self._application(scope, receive, send)


def close(state: Any) -> None:  # noqa: ANN401 - Starlette's State
    """End all open streams of live updates; without an open page it does nothing."""
    if (hub := getattr(state, "console_hub", None)) is not None:
        hub.close()
