"""How routes reach the Telegram that they control, and how its complaints become answers."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.directory import UnknownError


def _telegram(request: Request) -> Telegram:
    found = request.app.state.telegram
    if not isinstance(found, Telegram):
        raise TypeError("the control API was made without a Telegram")
    return found


TelegramDep = Annotated[Telegram, Depends(_telegram)]


def answer_unknown(app: FastAPI) -> None:
    """No such person, account or message: 404."""

    def not_found(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=404)

    app.add_exception_handler(UnknownError, not_found)
