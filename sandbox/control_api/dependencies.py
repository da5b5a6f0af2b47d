"""Routes get their fake Telegram here; its errors become HTTP responses."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.directory import UnknownError


def _telegram(request: Request) -> Telegram:
    found = request.app.state.telegram
    if not isinstance(found, Telegram):
        raise TypeError("the control API was created without a Telegram")
    return found


TelegramDep = Annotated[Telegram, Depends(_telegram)]


def add_not_found_handler(app: FastAPI) -> None:
    """Answer 404 for an unknown person, account or message."""

    def not_found(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=404)

    app.add_exception_handler(UnknownError, not_found)
