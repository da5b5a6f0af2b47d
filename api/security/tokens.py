"""Checks the tokens of requests against API_TOKEN and TILDA_TOKEN."""

import hmac
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from api.security.throttling import ThrottleDep
from api.settings import ApiSettings

# Scopes keep the rate limits and the lockouts of the two kinds of tokens apart.
API_SCOPE = "api"
TILDA_SCOPE = "tilda"

_BEARER = HTTPBearer(scheme_name="API token", description="API_TOKEN, if it is set", auto_error=False)
_API_KEY = APIKeyHeader(
    name="X-API-Key", scheme_name="API key", description="API_TOKEN, if it is set", auto_error=False
)
_TILDA_BEARER = HTTPBearer(
    scheme_name="Tilda bearer token", description="TILDA_TOKEN, if it is set", auto_error=False
)
_TILDA_HEADER = APIKeyHeader(
    name="X-Tilda-Token",
    scheme_name="Tilda header",
    description="TILDA_TOKEN, if it is set",
    auto_error=False,
)
_TILDA_QUERY = APIKeyQuery(
    name="token",
    scheme_name="Tilda query parameter",
    description="TILDA_TOKEN, if it is set",
    auto_error=False,
)

Bearer = HTTPAuthorizationCredentials | None


# The dependencies are coroutines even if they await nothing: FastAPI runs plain functions in a thread.


async def require_api_token(
    request: Request,
    throttle: ThrottleDep,
    bearer: Annotated[Bearer, Security(_BEARER)],
    api_key: Annotated[str | None, Security(_API_KEY)],
) -> bytes:
    """Return the request's valid API_TOKEN; empty if API_TOKEN is not set.

    Raises 401 if the token is missing or wrong, 429 if the client address is locked out.
    """
    settings: ApiSettings = request.app.state.settings
    token = _api_token(settings, bearer, api_key)
    if token is None:
        raise unauthorized("API_TOKEN is needed: Authorization: Bearer … or X-API-Key")
    await throttle.check_not_locked_out(API_SCOPE, token)
    return token


async def api_token_of(request: Request, settings: ApiSettings) -> bytes | None:
    """Return the request's valid API_TOKEN without dependency injection; None if it is missing or wrong."""
    if not settings.api_token:
        return b""
    return _api_token(settings, await _BEARER(request), await _API_KEY(request))


def _api_token(settings: ApiSettings, bearer: Bearer, api_key: str | None) -> bytes | None:
    presented = [header.encode("latin-1") for header in (bearer and bearer.credentials, api_key) if header]
    return find_valid_token(settings.api_token, presented)


async def limit_submissions(
    token: Annotated[bytes, Depends(require_api_token)], throttle: ThrottleDep
) -> None:
    """Count one submission; raises 429 after RATE_LIMIT_PER_MINUTE of them."""
    await throttle.consume(API_SCOPE, token)


async def tilda_tokens(
    bearer: Annotated[Bearer, Security(_TILDA_BEARER)],
    header: Annotated[str | None, Security(_TILDA_HEADER)],
    query: Annotated[str | None, Security(_TILDA_QUERY)],
) -> list[bytes]:
    """Return the tokens in the headers and the query of a webhook call, not yet checked."""
    headers = [value.encode("latin-1") for value in (bearer and bearer.credentials, header) if value]
    return [*headers, *([query.encode("utf-8", "replace")] if query else [])]


async def tilda_tokens_of(request: Request, settings: ApiSettings) -> list[bytes]:
    """Return `tilda_tokens` without dependency injection; empty if TILDA_TOKEN is not set."""
    if not settings.tilda_token:
        return []
    schemes = await _TILDA_BEARER(request), await _TILDA_HEADER(request), await _TILDA_QUERY(request)
    return await tilda_tokens(*schemes)


def find_valid_token(valid: tuple[SecretStr, ...], presented: list[bytes]) -> bytes | None:
    """Return the first presented token that is valid; None if none is, empty if no token is configured."""
    if not valid:
        return b""
    secrets = [secret.get_secret_value().encode() for secret in valid]
    # All pairs are compared, in constant time: the response time reveals nothing about a token.
    matches = [
        candidate for secret in secrets for candidate in presented if hmac.compare_digest(secret, candidate)
    ]
    return matches[0] if matches else None


def unauthorized(detail: str) -> HTTPException:
    """Return the 401 error for a missing or wrong token."""
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
