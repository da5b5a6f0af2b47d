"""Tilda's webhook: stores every call with its body, and creates a lead if it contains a contact."""

from dataclasses import replace

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from api.dependencies import get_database, get_intake, get_settings
from api.errors import invalid
from api.forms.body_parser import Fields
from api.forms.raw_body import to_text
from api.forms.redaction import mask_body
from api.forms.text_cleaning import clean
from api.forms.tilda import form_tokens
from api.intake.deliveries import store_without_lead
from api.intake.parsing import TILDA, known_secrets, parse_fields, parse_submission
from api.intake.submission import Delivery, Result, Submission, with_key
from api.middleware.body_limits import LARGEST_BODY, BodyRefused
from api.middleware.fast_path import DirectRoute
from api.schemas import examples
from api.schemas.models import LeadOut, StatusOut
from api.schemas.responses import lead_response
from api.security.throttling import Throttle
from api.security.tokens import (
    TILDA_SCOPE,
    find_valid_token,
    tilda_tokens,
    tilda_tokens_of,
    unauthorized,
)
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.contacts import ContactError
from shared.database.engine import Database

PATH = "/leads/webhooks/tilda"

# The busiest endpoint; Tilda waits five seconds for the response.
router = APIRouter(tags=["webhooks"], route_class=DirectRoute)


@router.head(f"{PATH}/", include_in_schema=False)
@router.get(f"{PATH}/", include_in_schema=False)
@router.head(PATH, include_in_schema=False)
@router.get(
    PATH, summary="Is the webhook reachable?", response_model=StatusOut, response_description="It is."
)
async def look(_request: Request) -> Response:
    """For browsers and monitors that check the address; stores nothing."""
    return JSONResponse({"status": "ok"})


@router.post(f"{PATH}/", include_in_schema=False)
@router.post(
    PATH,
    status_code=201,
    summary="Store a submission from Tilda",
    response_model=LeadOut,
    response_description="The stored lead.",
    responses={
        200: {
            "model": LeadOut | StatusOut,
            "description": "A repeated submission, or Tilda's `test=test`.",
        },
        **examples.TILDA_UNAUTHORIZED,
        **examples.BODY_REFUSED,
        **examples.UNPROCESSABLE,
        **examples.UNAVAILABLE,
    },
    dependencies=[Depends(tilda_tokens)],
    openapi_extra={"requestBody": examples.TILDA_BODY},
)
async def receive(request: Request) -> Response:
    """Accepts what Tilda and similar services send: a form or JSON, flat or inside `data`, `fields` or
    `post`. Name and contact fields are recognised by their names. All other fields are kept in `extra`."""
    database, settings = await get_database(request), await get_settings(request)
    tokens = await tilda_tokens_of(request, settings)
    body, refusal = await _read(request)
    content_type = request.headers.get("content-type")
    # The form is parsed before it is stored only if the token can be nowhere else.
    is_authorised = find_valid_token(settings.tilda_token, tokens) is not None
    fields: Fields = [] if is_authorised else parse_fields(body, content_type)
    token = _valid_token(settings, tokens, fields)
    throttle = Throttle(request)
    await throttle.check_not_locked_out(TILDA_SCOPE, token)
    await throttle.consume(TILDA_SCOPE, token)
    delivery = _delivery(body, content_type, settings)
    if refusal:
        # No charset: reprocessing does not mistake it for a complete body.
        result = Result(error=ContactError("body", refusal.detail))
        await store_without_lead(database, replace(delivery, charset=None), result)
        raise refusal
    fields = fields or parse_fields(body, content_type)
    understood = await _understand_or_keep(database, delivery, fields, settings)
    if isinstance(understood, Submission):
        intake = await get_intake(request)
        result = await intake.store(
            with_key(understood, delivery.received_at, settings.repeat_window, delivery)
        )
        return lead_response(result.lead or {}, created=result.created)
    await store_without_lead(database, delivery, understood)
    if understood.error is None:
        return JSONResponse({"status": "ok"})
    field = understood.error.field
    value = next((item.value for item in fields if clean(item.key) == field), None)
    raise invalid(field, str(understood.error), value, "contact")


async def _understand_or_keep(
    database: Database, delivery: Delivery, fields: Fields, settings: ApiSettings
) -> Submission | Result:
    """Return the submission, or why there is none. If a bug raises, store the delivery for reprocessing."""
    try:
        return parse_submission(fields, settings)
    except Exception:
        await store_without_lead(database, delivery)
        raise


async def _read(request: Request) -> tuple[bytes, HTTPException | None]:
    """Return the body and None; or the part of it that arrived and is stored, and the error to answer."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
    except BodyRefused as refusal:
        body += refusal.part
        return _whole_characters(bytes(body[:LARGEST_BODY])), refusal
    except ClientDisconnect:
        return _whole_characters(bytes(body)), HTTPException(
            400, "the connection was closed before the body was complete"
        )
    return bytes(body), None


def _whole_characters(body: bytes) -> bytes:
    """Remove an incomplete UTF-8 character at the end: the body would no longer decode as UTF-8."""
    rest = body.rstrip(bytes(range(0x80, 0xC0)))
    return rest[:-1] if rest[-1:] >= b"\xc0" else body


def _valid_token(settings: ApiSettings, tokens: list[bytes], fields: Fields) -> bytes:
    """Return the valid token; raises 401 if TILDA_TOKEN is set and none of the presented tokens is valid."""
    presented = [*tokens, *(secret.encode("utf-8", "replace") for secret in form_tokens(fields))]
    token = find_valid_token(settings.tilda_token, presented)
    if token is None:
        raise unauthorized("TILDA_TOKEN is needed: in a header, in the form or in the URL")
    return token


def _delivery(body: bytes, content_type: str | None, settings: ApiSettings) -> Delivery:
    text, charset = to_text(body)
    kind = content_type and clean(content_type)[:200]
    return Delivery(TILDA, utc_now(), kind, mask_body(text, known_secrets(settings)), charset)
