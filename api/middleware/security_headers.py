"""Adds the security headers that restrict what browsers do with a response."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    # Leads are personal data: browsers and proxies must not cache them.
    (b"cache-control", b"no-store"),
    # A response is data: if a browser renders it, it must load and run nothing.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class SecurityHeaders:
    """Adds each header to every response, unless the route has set that header itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process the request and complete the headers of its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # ASGI's header names are already in lower case: no conversion for every response.
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _ALWAYS if pair[0] not in given),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)
