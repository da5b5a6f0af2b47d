"""The page itself: its template, its static files, and the policy that blocks other scripts and hosts."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.demo_page.fault_injection import TROUBLES
from sandbox.demo_page.forms import KINDS
from sandbox.demo_page.state_poller import Stage
from sandbox.demo_page.texts import COOKIE, LANGUAGES, choose_language, texts_in

_FOLDER: Final = Path(__file__).parent
_STATIC: Final = {"demo.css": "text/css", "demo.js": "text/javascript", "icon.svg": "image/svg+xml"}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# What the script says by itself; everything else comes with the scene.
_SCRIPT_TEXTS: Final = (
    *("phone.empty", "phone.blocked", "phone.voice_label", "phone.typing", "phone.unread", "phone.read"),
    *("phone.block", "phone.unblock", "phone.not_read", "form.sending", "form.send", "lost", "way.empty"),
    *("trouble.telegram.end", "trouble.model.end", "part.up", "part.down", "part.pause", "failed"),
)
_PLACES: Final = ("site", "api", "worker", "telegram", "model", "console", "flood")


def build(stage: Stage) -> APIRouter:
    """Return the routes of the page and its files."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def show_page(request: Request, language: str | None = None) -> Response:
        """The demo page; `language` is remembered in a cookie."""
        wishes = (language, request.cookies.get(COOKIE), request.headers.get("accept-language"))
        texts = texts_in(choose_language(*wishes))
        shown = {
            "t": texts,
            "kinds": KINDS,
            "troubles": [one for one in TROUBLES if one != "worker" or stage.troubles.worker_can_be_killed],
            "script_texts": {name: texts.raw(key) for name, key in _script_keys().items()},
        }
        html = _environment().get_template("demo.html").render(shown)
        answer = HTMLResponse(html, headers=dict(_HEADERS))
        if language in LANGUAGES:
            answer.set_cookie(COOKIE, texts.language, max_age=31_536_000, samesite="lax", httponly=True)
        return answer

    @router.get("/demo/static/{name}")
    async def static(name: str) -> Response:
        """One of the page's own files."""
        if name not in _STATIC:
            raise HTTPException(404)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        return Response((_FOLDER / "static" / name).read_bytes(), media_type=_STATIC[name], headers=headers)

    return router


def _script_keys() -> dict[str, str]:
    """Return the keys of the script's texts by the names that the script uses."""
    return (
        {key: key for key in _SCRIPT_TEXTS}
        | {f"trouble.{one}": f"trouble.{one}.begin" for one in TROUBLES}
        | {f"place.{one}": f"place.{one}" for one in _PLACES}
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static"] = _static_address
    return environment


@cache
def _static_address(name: str) -> str:
    content = (_FOLDER / "static" / name).read_bytes()
    return f"/demo/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"
