"""Tilda's webhook: every submission is stored as it came, and becomes a lead if anyhow possible."""

from dataclasses import replace

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from api.dependencies import (
    get_database,
    get_intake,
    get_settings,
    known,
    tilda_tokens,
    tilda_tokens_of,
    unauthorized,
)
from api.errors import invalid
from api.forms.body_parser import Fields
from api.forms.raw_body import to_text
from api.forms.redaction import mask_body
from api.forms.text_cleaning import clean
from api.forms.tilda import form_tokens
from api.intake.arrival import Delivery, Result, with_key
from api.intake.deliveries import store_without_lead
from api.intake.parsing import TILDA, fields_of, known_secrets, understand
from api.intake.submission import Submission
from api.middleware.body_limits import LARGEST_BODY, BodyRefused
from api.middleware.direct_route import DirectRoute
from api.routers.leads import stored
from api.schemas import examples
from api.schemas.models import LeadOut, StatusOut
from api.security.throttling import Throttle
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.contacts import ContactError
from shared.database.engine import Database

PATH = "/leads/webhooks/tilda"
DOOR = "tilda"

# The busiest way in, and the one that has five seconds for an answer.
router = APIRouter(tags=["webhooks"], route_class=DirectRoute)


@router.head(f"{PATH}/", include_in_schema=False)
@router.get(f"{PATH}/", include_in_schema=False)
@router.head(PATH, include_in_schema=False)
@router.get(PATH, summary="Is the webhook there?", response_model=StatusOut, response_description="It is.")
async def look(_request: Request) -> Response:
    """For browsers and monitors that look whether the address is right; stores nothing."""
    return JSONResponse({"status": "ok"})


@router.post(f"{PATH}/", include_in_schema=False)
@router.post(
    PATH,
    status_code=201,
    summary="Take a submission from Tilda",
    response_model=LeadOut,
    response_description="The lead as it is stored.",
    responses={
        200: {
            "model": LeadOut | StatusOut,
            "description": "The same submission again, or Tilda's `test=test`.",
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
    """Takes what Tilda and its likes post: form or JSON, flat or inside `data`, `fields` or `post`. Fields
    are known by what their names include; what is no name and no contact is kept in `extra`."""
    database, settings = await get_database(request), await get_settings(request)
    tokens = await tilda_tokens_of(request, settings)
    body, refusal = await _read(request)
    content_type = request.headers.get("content-type")
    # A form is taken apart before it is stored only if nothing else than the form can hold the token.
    fields: Fields = [] if known(settings.tilda_token, tokens) is not None else fields_of(body, content_type)
    token = _authorised(settings, tokens, fields)
    admission = Throttle(request)
    await admission.check_not_locked_out(DOOR, token)
    await admission.consume(DOOR, token)
    delivery = _delivery(body, content_type, settings)
    if refusal:
        # Without a charset it can never be taken for the whole.
        result = Result(error=ContactError("body", refusal.detail))
        await store_without_lead(database, replace(delivery, charset=None), result)
        raise refusal
    fields = fields or fields_of(body, content_type)
    read = await _understood(database, delivery, fields, settings)
    if isinstance(read, Submission):
        intake = await get_intake(request)
        result = await intake.store(with_key(read, delivery.received_at, settings.repeat_window, delivery))
        return stored(result.lead or {}, created=result.created)
    await store_without_lead(database, delivery, read)
    if read.error is None:
        return JSONResponse({"status": "ok"})
    field = read.error.field
    value = next((item.value for item in fields if clean(item.key) == field), None)
    raise invalid(field, str(read.error), value, "contact")


async def _understood(
    database: Database, delivery: Delivery, fields: Fields, settings: ApiSettings
) -> Submission | Result:
    """What it says. The delivery is kept for later if a bug of ours stands between."""
    try:
        return understand(fields, settings)
    except Exception:
        await store_without_lead(database, delivery)
        raise


async def _read(request: Request) -> tuple[bytes, HTTPException | None]:
    """The body, or as much of it as came and is stored, and why that is not all."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
    except BodyRefused as refusal:
        body += refusal.part
        return _whole_characters(bytes(body[:LARGEST_BODY])), refusal
    except ClientDisconnect:
        return _whole_characters(bytes(body)), HTTPException(400, "the call broke off")
    return bytes(body), None


def _whole_characters(body: bytes) -> bytes:
    """Without the part of a UTF-8 character at the end: the rest would no longer be read as UTF-8."""
    rest = body.rstrip(bytes(range(0x80, 0xC0)))
    return rest[:-1] if rest[-1:] >= b"\xc0" else body


def _authorised(settings: ApiSettings, tokens: list[bytes], fields: Fields) -> bytes:
    """The token; 401 if TILDA_TOKEN is set and is not among those presented."""
    presented = [*tokens, *(secret.encode("utf-8", "replace") for secret in form_tokens(fields))]
    token = known(settings.tilda_token, presented)
    if token is None:
        raise unauthorized("TILDA_TOKEN is needed: in a header, in the form or in the address")
    return token


def _delivery(body: bytes, content_type: str | None, settings: ApiSettings) -> Delivery:
    text, charset = to_text(body)
    kind = content_type and clean(content_type)[:200]
    return Delivery(TILDA, utc_now(), kind, mask_body(text, known_secrets(settings)), charset)
