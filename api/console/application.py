"""Builds the console's application: its pages, its checks, and its own error pages."""

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from api.console import access, rendering
from api.console.access import NotSignedIn
from api.console.pages import canned_texts, deliveries, imports, inbox, live, static
from api.console.pages.lead import actions, drafts, personal_data, planning
from api.console.pages.lead import page as lead
from api.console.pages.overview import page as overview
from api.console.pages.overview import pause, unmatched_bookings
from api.console.pages.users import browsers, sign_in
from api.errors import InternalErrors, unavailable


def build() -> ASGIApp:
    """Return the console's application; it shares the state of the application that mounts it."""
    router = APIRouter(dependencies=[Depends(access.check_origin)], include_in_schema=False)
    for module in (
        static,
        live,
        inbox,
        lead,
        actions,
        drafts,
        planning,
        personal_data,
        canned_texts,
        overview,
        pause,
        unmatched_bookings,
        deliveries,
        imports,
        sign_in,
        browsers,
    ):
        router.include_router(module.router)
    handlers = {
        NotSignedIn: _not_signed_in,
        HTTPException: _http,
        RequestValidationError: _invalid,
        DBAPIError: _database,
        PoolTimeoutError: _database,
    }
    return InternalErrors(ExceptionMiddleware(router, handlers), _internal_error)


async def _not_signed_in(request: Request, _error: Exception) -> Response:
    # A script gets 401; a browser is led to the sign-in page and back.
    if request.method != "GET" or request.headers.get("accept", "").startswith("text/event-stream"):
        return rendering.problem(request, 401, "sign_in_needed")
    return RedirectResponse(access.login_address(request), 303)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    known = {403: "forbidden", 404: "not_found", 413: "too_large", 429: "too_many"}
    page = rendering.problem(
        request, error.status_code, known.get(error.status_code, "refused"), str(error.detail)
    )
    page.headers.update(error.headers or {})
    return page


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    faults = [f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors()]
    return rendering.problem(request, 422, "invalid", "; ".join(faults))


def _internal_error(request: Request) -> Response:
    return rendering.problem(request, 500, "broken")


async def _database(request: Request, error: Exception) -> Response:
    answer = unavailable(error)
    if answer is None:
        raise error
    page = rendering.problem(request, 503, "unavailable", str(answer.detail))
    page.headers.update(answer.headers or {})
    return page
