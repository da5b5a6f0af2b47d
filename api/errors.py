"""Error responses: always JSON, without tracebacks and without data of other requests."""

import logging
import math
import traceback
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.forms.body.text_cleaning import clean, one_line
from shared.database.faults.driver_errors import OutageLog
from shared.database.faults.error_classes import classify
from shared.database.faults.error_tables import CONFLICT, NO_ANSWER, UNREACHABLE

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_MAX_DEPTH = 20
_MAX_BYTES = 500
_MAX_PATH = 200
# FastAPI's detail for a path that has no route for the method.
_NO_SUCH_METHOD = HTTPStatus.METHOD_NOT_ALLOWED.phrase
# FastAPI's detail for a body that is not UTF-8 or that Python cannot parse.
_UNREADABLE_BODY = "There was an error parsing the body"
# Reasons that end by themselves, or that the caller can only wait for.
_PASSING = frozenset({UNREACHABLE.reason, NO_ANSWER.reason, CONFLICT.reason})


class Unavailable(HTTPException):
    """A 503 error with a Retry-After header."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def install(app: FastAPI) -> None:
    """Add the exception handlers to `app`."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeoutError, _database)
    app.add_middleware(InternalErrors)


def invalid(
    field: str, message: str, value: object = None, kind: str = "value_error", *, where: str = "body"
) -> RequestValidationError:
    """Return a 422 error about one field of the body (or `where="query"`), in FastAPI's own format."""
    return RequestValidationError([{"type": kind, "loc": (where, field), "msg": message, "input": value}])


def unavailable(error: Exception) -> Unavailable | None:
    """Return the 503 for a database that is away, with the reason; None if the row or a bug is at fault."""
    if not isinstance(error, SQLAlchemyError | OSError):
        return None
    fault = classify(error)
    if not fault.is_away:
        return None
    return Unavailable(f"{fault.text}: try again" if fault.reason in _PASSING else fault.text)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return JSONResponse({"detail": json_safe(error.errors())}, 422)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == 400 and error.detail == _UNREADABLE_BODY:
        fault = {"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error", "input": {}}
        return JSONResponse({"detail": [fault]}, 422)
    # A 405 with a text of its own comes from an endpoint, which has kept the call.
    if error.status_code == 404 or (error.status_code == 405 and error.detail == _NO_SUCH_METHOD):
        _warn_of_lost_webhook(request, error.status_code)
    if error.status_code == 405 and error.detail == _NO_SUCH_METHOD:
        error = StarletteHTTPException(405, error.detail, {"Allow": ", ".join(_methods(request))})
    return await http_exception_handler(request, error)


def _warn_of_lost_webhook(request: Request, status: int) -> None:
    """Log a webhook call to a wrong address: it is stored nowhere, and form builders rarely show answers.

    Any path with `webhook` counts: the first half of the address may be the wrong one.
    """
    # A "?" that is escaped in the path may also be followed by a token.
    path = request.scope["path"].partition("?")[0]
    if "webhook" in path.casefold():
        logger.warning(
            "%s %s: answered %s and nothing is stored: is the address in the form builder right?",
            request.method,
            one_line(path)[:_MAX_PATH],
            status,
        )


def _methods(request: Request) -> list[str]:
    """Return the methods of this path: Starlette names only those of the first matching route."""
    return [method for method in _METHODS if _accepts(request, method)]


def _accepts(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _database(request: Request, error: Exception) -> Response:
    answer = unavailable(error)
    if answer is None:
        raise error
    outage: OutageLog = request.app.state.database.outage
    outage.note(error, logger, f"{request.method} {request.url.path} and others are answered with 503")
    return await http_exception_handler(request, answer)


def json_safe(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - anything a caller may have sent
    """Return `value` without what JSON cannot hold: NaN, lone surrogates, deep nesting."""
    if depth > _MAX_DEPTH:
        return "…"
    if isinstance(value, bytes):
        value = value[:_MAX_BYTES].decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {json_safe(str(key)): json_safe(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item, depth + 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, bool | int) else clean(str(value))


def log_failure(what: str, error: Exception) -> None:
    """Log where `what` failed, but not the error's text: it may quote a row or a form."""
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed: %s\n%s", what, type(error).__name__, where)


def _internal_error(_request: Request) -> Response:
    return JSONResponse({"detail": "internal error"}, 500)


class InternalErrors:
    """Answers unexpected exceptions with 500, and logs the traceback without the request's data."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request], Response] = _internal_error) -> None:
        self.app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process the request; answer 500 if it raises."""
        started = False

        async def observe(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, observe)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log_failure(f"{scope['method']} {scope['path']}", error)
            if started:
                # The server closes the connection. It would log the text of the original error.
                raise ConnectionAbortedError("the answer broke off") from None
            await self._answer(Request(scope))(scope, receive, send)
