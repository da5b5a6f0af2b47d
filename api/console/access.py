"""Who may do what: the signed-in user of a request, their role, and the check of the request's origin."""

from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from fastapi import Depends, HTTPException, Request, Response

from api.console.users import sessions
from api.console.users.sessions import LASTS, SignedIn
from api.security.client_ip import client_address, client_network
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.roles import ROLES

# Browsers accept the first name only from HTTPS, for the whole host and without a Domain.
SECURE_COOKIE: Final = "__Host-console"
PLAIN_COOKIE: Final = "console"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(Exception):  # noqa: N818 - it is answered by the sign-in page
    """The request has no valid session."""


async def check_origin(request: Request) -> None:
    """Raise 403 for a request that another site's page made.

    Browsers send Sec-Fetch-Site over HTTPS and from localhost, and Origin with every POST.
    """
    if request.method in _SAFE:
        return
    if (site := request.headers.get("sec-fetch-site")) is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("origin", "")
        is_ours = bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")
    if not is_ours:
        raise HTTPException(403, "the request comes from another site")


async def signed_in(request: Request) -> SignedIn:
    """Return the user of the request; raises NotSignedIn."""
    return await _find(request, is_used=True)


async def signed_in_page(request: Request) -> SignedIn:
    """Return the user of a request that a page makes by itself; raises NotSignedIn."""
    return await _find(request, is_used=False)


async def _find(request: Request, *, is_used: bool) -> SignedIn:
    names = (SECURE_COOKIE,) if is_https(request) else (SECURE_COOKIE, PLAIN_COOKIE)
    for name in names:
        if session_id := request.cookies.get(name):
            user = await sessions.find(request.app.state.database, session_id, utc_now(), is_used=is_used)
            if user is not None:
                request.state.user = user
                return user
    raise NotSignedIn


async def operator(user: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
    """Return the user if they may act; raises 403 for a viewer."""
    return _at_least("operator", user)


async def owner(user: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
    """Return the user if they may erase and export; raises 403 for the others."""
    return _at_least("owner", user)


Viewer = Annotated[SignedIn, Depends(signed_in)]
OpenPage = Annotated[SignedIn, Depends(signed_in_page)]
Operator = Annotated[SignedIn, Depends(operator)]
Owner = Annotated[SignedIn, Depends(owner)]


def may(user: SignedIn, role: str) -> bool:
    """Return True if the user has this role or a higher one."""
    return ROLES.index(user.role) >= ROLES.index(role)


def _at_least(role: str, user: SignedIn) -> SignedIn:
    if not may(user, role):
        raise HTTPException(403, f"this needs the role {role}; yours is {user.role}")
    return user


def is_https(request: Request) -> bool:
    """Return True if the browser surely speaks HTTPS, with us or with a trusted proxy before us."""
    if request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://"):
        return True
    settings: ApiSettings = request.app.state.settings
    peer = request.client.host if request.client else None
    is_proxy = bool(peer) and client_address(peer, ["192.0.2.1"], settings.trusted_proxies) == "192.0.2.1"
    return is_proxy and request.headers.get("x-forwarded-proto", "").strip().lower() == "https"


def network_of(request: Request) -> str:
    """Return the client's address, or its network for IPv6."""
    settings: ApiSettings = request.app.state.settings
    peer = request.client.host if request.client else None
    forwarded = request.headers.getlist("x-forwarded-for")
    return client_network(client_address(peer, forwarded, settings.trusted_proxies))


def set_cookie(request: Request, response: Response, session_id: str) -> None:
    """Store the session's id in the browser; scripts cannot read it."""
    secure = is_https(request)
    response.set_cookie(
        SECURE_COOKIE if secure else PLAIN_COOKIE,
        session_id,
        max_age=round(LASTS.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookies(response: Response) -> None:
    """Remove the session's id from the browser."""
    response.delete_cookie(SECURE_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    response.delete_cookie(PLAIN_COOKIE, path="/", httponly=True, samesite="lax")


def login_address(request: Request) -> str:
    """Return the address of the sign-in page, which leads back to this request's page."""
    base = request.scope.get("root_path", "")
    path = request.url.path.removeprefix(base) if request.url.path.startswith(base) else "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{base}/login?next={quote(path + query, safe='')}"


def safe_path(path: str) -> str:
    """Return a path of the console to go to after the sign-in; anything else becomes the inbox."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_path and "\\" not in path and len(path) < 500 else "/"
