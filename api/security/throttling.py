"""Who is let in how often: submissions by their sender, and wrong tokens by the address they come from."""

import logging
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from api.security.client_ip import client_address, sender
from api.security.rate_limiter import RateLimiter, caller_key, guess_key
from api.settings import ApiSettings

logger = logging.getLogger(__name__)

# Far more than mistakes make, far fewer than guessing needs.
GUESSES_PER_MINUTE = 30


class TooMany(HTTPException):
    """429: come back in so many seconds."""

    def __init__(self, what: str, seconds: int) -> None:
        detail = f"too many {what}: try again in {seconds} s"
        super().__init__(429, detail, headers={"Retry-After": str(seconds)})


class Throttle:
    """The limits as they hold for one request."""

    def __init__(self, request: Request) -> None:
        self._settings: ApiSettings = request.app.state.settings
        self._limits: RateLimiter = request.app.state.rate_limits
        peer = request.client.host if request.client else None
        forwarded = request.headers.getlist("x-forwarded-for")
        self.address = client_address(peer, forwarded, self._settings.trusted_proxies)
        self._sender = sender(self.address)

    async def check_not_locked_out(self, door: str, token: bytes) -> None:
        """Refuse with 429 the right token from an address that guesses: it may have been guessed.

        Not if it has opened this door from there before: a proxy may stand between us and everybody, and
        a guesser behind it must not shut out the forms.
        """
        seconds = self._limits.blocked_for(guess_key(self._sender)) if token else 0
        if (
            seconds
            and self._settings.rate_limit_per_minute
            and not await self._limits.has_succeeded_before(caller_key(door, token, self._sender))
        ):
            raise TooMany("wrong tokens", seconds)

    async def consume(self, door: str, token: bytes) -> None:
        """Count one submission; 429 if there were RATE_LIMIT_PER_MINUTE."""
        if limit := self._settings.rate_limit_per_minute:
            seconds = await self._limits.acquire(caller_key(door, token, self._sender), limit)
            if seconds:
                logger.warning("more than RATE_LIMIT_PER_MINUTE submissions from %s", self.address)
                raise TooMany(f"submissions, RATE_LIMIT_PER_MINUTE is {limit}", seconds)

    async def record_bad_token(self) -> int:
        """Count one wrong token; after how many seconds the next may come, if this was one too many."""
        key = guess_key(self._sender)
        if seconds := self._limits.blocked_for(key):
            return seconds
        return await self._limits.acquire(key, GUESSES_PER_MINUTE)


async def _admission(request: Request) -> Throttle:
    return Throttle(request)


AdmissionDep = Annotated[Throttle, Depends(_admission)]


def install(app: FastAPI) -> None:
    """Let `app` count what it refuses for want of a token."""
    app.add_exception_handler(401, _unauthorized)


async def _unauthorized(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for nothing else
    admission = Throttle(request)
    try:
        seconds = await admission.record_bad_token()
    except SQLAlchemyError:
        # Without the database nobody is let in to anything: uncounted is still refused.
        seconds = 0
    if seconds:
        return await http_exception_handler(request, TooMany("wrong tokens", seconds))
    logger.warning("%s %s: no valid token, from %s", request.method, request.url.path, admission.address)
    return await http_exception_handler(request, error)
