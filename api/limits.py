"""Nobody has a form of megabytes: such bodies are refused before they are read to the end."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 256 * 1024
TOO_LARGE = f"the body is over {LARGEST_BODY // 1024} KiB"


def too_large() -> HTTPException:
    """The 413; the connection ends with it, since the rest of the body is not read."""
    return HTTPException(413, TOO_LARGE, headers={"Connection": "close"})


class BodyLimit:
    """Refuses bodies over LARGEST_BODY, but for `exempt` paths, which look to it themselves."""

    def __init__(self, app: ASGIApp, exempt: tuple[str, ...]) -> None:
        self.app = app
        self.exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what is read; the route that reads it gets the 413 as an exception."""
        if scope["type"] != "http" or scope["path"].startswith(self.exempt):
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        read = int(announced) if announced.isdecimal() else 0
        if read <= LARGEST_BODY:
            read = 0

        async def counted() -> Message:
            nonlocal read
            if read > LARGEST_BODY:
                raise too_large()
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY:
                raise too_large()
            return message

        await self.app(scope, counted, send)
