"""What routes ask for: the database, the settings, and proof of who is calling."""

import hmac
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import APIKeyHeader, APIKeyQuery, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from api.intake.writer import IntakeWriter
from api.security.throttling import AdmissionDep
from api.settings import ApiSettings
from shared.database.engine import Database

# All of these are coroutines, though they wait for nothing: FastAPI sends plain functions to a thread.


async def get_database(request: Request) -> Database:
    """The application's pool."""
    database: Database = request.app.state.database
    return database


async def get_intake(request: Request) -> IntakeWriter:
    """The application's one way in."""
    intake: IntakeWriter = request.app.state.intake
    return intake


async def get_settings(request: Request) -> ApiSettings:
    """The application's settings."""
    settings: ApiSettings = request.app.state.settings
    return settings


DatabaseDep = Annotated[Database, Depends(get_database)]
IntakeDep = Annotated[IntakeWriter, Depends(get_intake)]
SettingsDep = Annotated[ApiSettings, Depends(get_settings)]

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

API_SCOPE = "api"
Bearer = HTTPAuthorizationCredentials | None


async def require_api_token(
    settings: SettingsDep,
    admission: AdmissionDep,
    bearer: Annotated[Bearer, Security(_BEARER)],
    api_key: Annotated[str | None, Security(_API_KEY)],
) -> bytes:
    """Refuse with 401 who does not know API_TOKEN, if there is one; gives the token."""
    token = _api_token(settings, bearer, api_key)
    if token is None:
        raise unauthorized("API_TOKEN is needed: Authorization: Bearer … or X-API-Key")
    await admission.check_not_locked_out(API_SCOPE, token)
    return token


async def api_token_of(request: Request, settings: ApiSettings) -> bytes | None:
    """The token, for a route that is handed the request itself; None if it is none of API_TOKEN."""
    if not settings.api_token:
        return b""
    return _api_token(settings, await _BEARER(request), await _API_KEY(request))


def _api_token(settings: ApiSettings, bearer: Bearer, api_key: str | None) -> bytes | None:
    presented = [header.encode("latin-1") for header in (bearer and bearer.credentials, api_key) if header]
    return known(settings.api_token, presented)


async def admit_submission(
    token: Annotated[bytes, Depends(require_api_token)], admission: AdmissionDep
) -> None:
    """Refuse with 429 who submits more than RATE_LIMIT_PER_MINUTE."""
    await admission.consume(API_SCOPE, token)


async def tilda_tokens(
    bearer: Annotated[Bearer, Security(_TILDA_BEARER)],
    header: Annotated[str | None, Security(_TILDA_HEADER)],
    query: Annotated[str | None, Security(_TILDA_QUERY)],
) -> list[bytes]:
    """The secrets that came with a webhook call outside of its form."""
    headers = [value.encode("latin-1") for value in (bearer and bearer.credentials, header) if value]
    return [*headers, *([query.encode("utf-8", "replace")] if query else [])]


async def tilda_tokens_of(request: Request, settings: ApiSettings) -> list[bytes]:
    """The same, for a route that is handed the request itself; none where none is asked for."""
    if not settings.tilda_token:
        return []
    schemes = await _TILDA_BEARER(request), await _TILDA_HEADER(request), await _TILDA_QUERY(request)
    return await tilda_tokens(*schemes)


def known(secrets: tuple[SecretStr, ...], presented: list[bytes]) -> bytes | None:
    """That of `presented` which is among the secrets, or None; empty where there are no secrets."""
    if not secrets:
        return b""
    expected = [secret.get_secret_value().encode() for secret in secrets]
    # Each is compared with each, and in constant time: how long it takes says nothing of a token.
    matches = [
        candidate for secret in expected for candidate in presented if hmac.compare_digest(secret, candidate)
    ]
    return matches[0] if matches else None


def unauthorized(detail: str) -> HTTPException:
    """The 401 for a missing or wrong token."""
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
