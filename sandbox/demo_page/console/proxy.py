"""Shows the product's console under the demo's own address, so that the demo page can frame it.

The console forbids frames. That header is changed here, on the way through the demo; the product is not.
The session's cookie gets another name, because browsers share cookies between the ports of a host.
"""

from collections.abc import AsyncIterator, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Final

import httpx2
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from sandbox.demo_page.console.sign_in import CONSOLE, ConsoleSignIn
from sandbox.demo_page.texts import COOKIE, choose_language, texts_in

_COOKIE: Final = "console"
_OUR_COOKIE: Final = "demo-console"
_TO_PRODUCT: Final = (
    *("accept", "content-type", "host", "origin", "sec-fetch-site", "last-event-id", "if-none-match"),
    *("accept-language", "user-agent"),
)
_FROM_PRODUCT: Final = (
    *("content-type", "content-language", "content-disposition", "cache-control", "etag", "retry-after"),
    *("x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "x-accel-buffering"),
)
_NO_FRAMES, _OUR_FRAMES = "frame-ancestors 'none'", "frame-ancestors 'self'"
# A stream of live updates is silent while nothing changes.
_TIMEOUT: Final = httpx2.Timeout(15, read=None)


def build(client: httpx2.AsyncClient, sign_in: ConsoleSignIn) -> APIRouter:
    """Return the routes of the console under the demo's address."""
    router = APIRouter(include_in_schema=False)

    @router.get("/demo/console")
    async def open_console(request: Request, next: str = "/") -> Response:  # noqa: A002
        """Lead to a page of the console, signed in."""
        path = next if next.startswith("/") and not next.startswith(("//", "/\\")) else "/"
        answer = RedirectResponse(CONSOLE + path, 303)
        try:
            if not await _is_signed_in(client, request):
                for cookie in await sign_in.start_session():
                    answer.headers.append("set-cookie", _renamed(cookie))
        except httpx2.HTTPError:
            return _unreachable(request)
        return answer

    @router.api_route(CONSOLE, methods=["GET"])
    @router.api_route(CONSOLE + "/{path:path}", methods=["GET", "POST", "HEAD"])
    async def console(request: Request) -> Response:
        """Answer with what the console answers."""
        sent = client.build_request(
            request.method,
            _target(request),
            headers=_headers(request),
            content=await request.body(),
            timeout=_TIMEOUT,
        )
        try:
            answer = await client.send(sent, stream=True)
        except httpx2.HTTPError:
            return _unreachable(request)
        return _passed_on(answer)

    return router


async def _is_signed_in(client: httpx2.AsyncClient, request: Request) -> bool:
    if _OUR_COOKIE not in request.cookies:
        return False
    answer = await client.get(CONSOLE + "/texts", headers=_headers(request))
    return answer.is_success


def _target(request: Request) -> str:
    """Return the path and the query as the browser has sent them."""
    path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _headers(request: Request) -> dict[str, str]:
    headers = {name: request.headers[name] for name in _TO_PRODUCT if name in request.headers}
    # The console speaks the language of the demo page.
    headers["accept-language"] = choose_language(request.cookies.get(COOKIE), headers.get("accept-language"))
    headers["accept-encoding"] = "identity"
    if session := request.cookies.get(_OUR_COOKIE):
        headers["cookie"] = f"{_COOKIE}={session}"
    return headers


def _passed_on(answer: httpx2.Response) -> Response:
    response = StreamingResponse(_body(answer), answer.status_code)
    for name in _FROM_PRODUCT:
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    if location := answer.headers.get("location"):
        response.headers["location"] = location
    policy = answer.headers.get("content-security-policy", _NO_FRAMES)
    response.headers["content-security-policy"] = policy.replace(_NO_FRAMES, _OUR_FRAMES)
    response.headers["x-frame-options"] = "SAMEORIGIN"
    for cookie in answer.headers.get_list("set-cookie"):
        response.headers.append("set-cookie", _renamed(cookie))
    return response


async def _body(answer: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for part in answer.aiter_raw():
            yield part
    except httpx2.HTTPError:
        # The api has stopped in the middle of a stream; the page reconnects.
        return
    finally:
        await answer.aclose()


def _renamed(header: str) -> str:
    """Return a Set-Cookie header of the console's session under the demo's name; others stay."""
    try:
        names: Iterable[str] = SimpleCookie(header)
    except CookieError:
        names = ()
    return _OUR_COOKIE + header[len(_COOKIE) :] if _COOKIE in names else header


def _unreachable(request: Request) -> Response:
    texts = texts_in(choose_language(request.cookies.get(COOKIE), request.headers.get("accept-language")))
    policy = f"default-src 'none'; {_OUR_FRAMES}"
    return PlainTextResponse(texts("console.unreachable"), 502, {"Content-Security-Policy": policy})
