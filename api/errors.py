"""What callers see when something goes wrong: always JSON, never a trace, never other people's data."""

import logging
import math
import traceback
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.forms.text_cleaning import clean

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_DEEPEST = 20
_LONGEST = 500
# FastAPI's word for a body that is no UTF-8 or that Python refuses to parse.
_UNREADABLE_BODY = "There was an error parsing the body"


class Unavailable(HTTPException):
    """503: come back a little later."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def install(app: FastAPI) -> None:
    """Give `app` the handlers."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeoutError, _database)
    app.add_middleware(LastResort)


def invalid(
    field: str, message: str, value: object = None, kind: str = "value_error", *, where: str = "body"
) -> RequestValidationError:
    """A 422 about one field of the body, or of the `query`, as FastAPI's own look."""
    return RequestValidationError([{"type": kind, "loc": (where, field), "msg": message, "input": value}])


def unavailable(error: Exception) -> Unavailable | None:
    """The 503 for an error of the database's, or None if the error is a bug of ours."""
    cause = getattr(error, "orig", None)
    reason = f"{type(cause).__name__} {cause}"
    if "no such table" in reason or "UndefinedTable" in reason or "UndefinedColumn" in reason:
        return Unavailable("the database is not migrated: run `alembic upgrade head`")
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return Unavailable("the database cannot be reached: try again")
    return None


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return JSONResponse({"detail": presentable(error.errors())}, 422)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == 400 and error.detail == _UNREADABLE_BODY:
        fault = {"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error", "input": {}}
        return JSONResponse({"detail": [fault]}, 422)
    if error.status_code == 405:
        error = StarletteHTTPException(405, error.detail, {"Allow": ", ".join(_methods(request))})
    return await http_exception_handler(request, error)


def _methods(request: Request) -> list[str]:
    """What may be done at this address: the router itself names only what its first route there takes."""
    return [method for method in _METHODS if _takes(request, method)]


def _takes(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _database(request: Request, error: Exception) -> Response:
    answer = unavailable(error)
    if answer is None:
        raise error
    logger.warning("%s %s: %s (%s)", request.method, request.url.path, answer.detail, type(error).__name__)
    return await http_exception_handler(request, answer)


def presentable(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - anything a caller may have sent
    """`value` as JSON that always can be written: no NaN, no halves of characters, no depths."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, bytes):
        value = value[:_LONGEST].decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {presentable(str(key)): presentable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [presentable(item, depth + 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, bool | int) else clean(str(value))


def log_failure(what: str, error: Exception) -> None:
    """Log where `what` failed, without the error's text: that may quote a row or a form."""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed: %s\n%s", what, type(error).__name__, where)


class LastResort:
    """Answers 500 for what nobody foresaw; the log gets where it happened, not what people had sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and watch how it ends."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log_failure(f"{scope['method']} {scope['path']}", error)
            if started:
                # The server closes the connection; it would log the error's text, too.
                raise ConnectionAbortedError("the answer broke off") from None
            await JSONResponse({"detail": "internal error"}, 500)(scope, receive, send)
