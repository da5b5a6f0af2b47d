"""Limits submissions per token and client address, and locks out addresses that guess tokens."""

import logging
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException

from api.security.client_ip import client_address, client_network
from api.security.rate_limiter import RateLimiter, bad_token_key, caller_key
from api.settings import ApiSettings

logger = logging.getLogger(__name__)

# Far more than mistakes cause, and far fewer than guessing needs.
BAD_TOKENS_PER_MINUTE = 30


class TooManyRequests(HTTPException):
    """A 429 error with a Retry-After header in seconds."""

    def __init__(self, what: str, seconds: int) -> None:
        detail = f"too many {what}: try again in {seconds} s"
        super().__init__(429, detail, headers={"Retry-After": str(seconds)})


class Throttle:
    """Applies the rate limits to one request."""

    def __init__(self, request: Request) -> None:
        self._settings: ApiSettings = request.app.state.settings
        self._limiter: RateLimiter = request.app.state.rate_limiter
        peer = request.client.host if request.client else None
        forwarded = request.headers.getlist("x-forwarded-for")
        self.address = client_address(peer, forwarded, self._settings.trusted_proxies)
        self._network = client_network(self.address)

    async def check_not_locked_out(self, scope: str, token: bytes) -> None:
        """Raise 429 if this address has sent too many wrong tokens, even if the token is now correct.

        Exempt is a token that succeeded from this address in this scope before: an attacker behind a shared
        proxy must not lock out the legitimate forms.
        """
        seconds = self._limiter.blocked_for(bad_token_key(self._network)) if token else 0
        if (
            seconds
            and self._settings.rate_limit_per_minute
            and not await self._limiter.has_succeeded_before(caller_key(scope, token, self._network))
        ):
            raise TooManyRequests("wrong tokens", seconds)

    async def consume(self, scope: str, token: bytes) -> None:
        """Count one submission; raises 429 after RATE_LIMIT_PER_MINUTE of them."""
        if limit := self._settings.rate_limit_per_minute:
            seconds = await self._limiter.acquire(caller_key(scope, token, self._network), limit)
            if seconds:
                logger.warning("more than RATE_LIMIT_PER_MINUTE submissions from %s", self.address)
                raise TooManyRequests(f"submissions, RATE_LIMIT_PER_MINUTE is {limit}", seconds)

    async def record_bad_token(self) -> int:
        """Count one wrong token; returns the seconds until the next is allowed, 0 if it is allowed now."""
        key = bad_token_key(self._network)
        if seconds := self._limiter.blocked_for(key):
            return seconds
        return await self._limiter.acquire(key, BAD_TOKENS_PER_MINUTE)


async def _throttle(request: Request) -> Throttle:
    return Throttle(request)


ThrottleDep = Annotated[Throttle, Depends(_throttle)]


def install(app: FastAPI) -> None:
    """Make `app` count the wrong tokens of its 401 responses."""
    app.add_exception_handler(401, _unauthorized)


async def _unauthorized(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for nothing else
    throttle = Throttle(request)
    try:
        seconds = await throttle.record_bad_token()
    except SQLAlchemyError:
        # Without the database the token is not counted. It is refused all the same.
        seconds = 0
    if seconds:
        return await http_exception_handler(request, TooManyRequests("wrong tokens", seconds))
    logger.warning("%s %s: no valid token, from %s", request.method, request.url.path, throttle.address)
    return await http_exception_handler(request, error)
