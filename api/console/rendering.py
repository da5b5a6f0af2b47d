"""Renders the templates: every value is escaped, and a policy blocks all scripts but the console's own."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.console import access
from api.console.texts.message_marks import translate_marks
from api.console.texts.page_texts import Texts, choose_language
from shared.clock import utc_now
from shared.translations import name_of_status, translate_reason, translate_summary

FOLDER: Final = Path(__file__).parent
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    # With `no-referrer` browsers would send `Origin: null`, and no form would pass the check of the origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_STEPS = ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static"] = static_address
    environment.filters["moment"] = _moment
    return environment


@cache
def static_address(name: str) -> str:
    """Return the path of a static file with a hash of its content: browsers may keep it for ever."""
    content = (FOLDER / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page of the console, in the user's language."""
    user = getattr(request.state, "user", None)
    texts = choose_language(user.language if user else None, request.headers.get("accept-language", ""))
    language = texts.language
    common = {
        "base": request.scope.get("root_path", ""),
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "t": texts,
        "user": user,
        "may": (lambda role: access.may(user, role)) if user else (lambda _role: False),
        "status_name": lambda status: name_of_status(language, status),
        "reason": lambda text: translate_reason(language, text),
        "summary": lambda text: translate_summary(language, text),
        "words": lambda text: translate_marks(texts, text),
        "now": utc_now(),
        "ago": lambda moment: _ago(moment, texts),
    }
    html = _environment().get_template(template).render({**common, **values})
    return HTMLResponse(html, status, headers=dict(_HEADERS))


def problem(request: Request, status: int, what: str, detail: str = "") -> HTMLResponse:
    """Return an error page; `what` names its text."""
    return page(request, "problem.html", status, what=what, detail=detail)


def _moment(moment: datetime) -> Markup:
    """Return a time in UTC, which the console's script shows in the browser's zone."""
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), moment.strftime("%d.%m.%Y %H:%M UTC")
    )


def _ago(moment: datetime, texts: Texts) -> str:
    """Return how long ago a moment was, such as `5 min`."""
    passed = utc_now() - moment
    for step, name in _STEPS:
        if passed >= step:
            return texts(f"ago.{name}", count=passed // step)
    return texts("ago.now")


def query_of(values: Mapping[str, Any], **changes: Any) -> str:  # noqa: ANN401 - as in a URL
    """Return a query string of the values that are set, with `changes`."""
    merged = {**values, **changes}
    return urlencode({key: value for key, value in merged.items() if value not in (None, "", [])}, doseq=True)
