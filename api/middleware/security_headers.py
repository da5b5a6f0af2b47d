"""Adds the security headers that restrict what browsers do with a response."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

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


def _relative(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return `Location` without scheme and host: the framework repeats the Host that any caller may send."""
    name, value = header
    parts = urlsplit(value)
    if name != b"location" or not parts.netloc:
        return header
    # One slash: a path that begins with two would be a host again.
    return name, urlunsplit((b"", b"", b"/" + parts.path.lstrip(b"/"), parts.query, parts.fragment))


class SecurityHeaders:
    """Adds each header to every response, unless the route has set that header itself.

    Redirects, all of them to this server's own pages, become relative.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process the request and complete the headers of its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # ASGI's header names are already in lower case: no conversion for every response.
                given = {name for name, _ in message["headers"]}
                is_redirect = 300 <= message["status"] < 400
                message["headers"] = [
                    *(map(_relative, message["headers"]) if is_redirect else message["headers"]),
                    *(pair for pair in _ALWAYS if pair[0] not in given),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)
