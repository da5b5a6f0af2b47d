"""Tilda's webhook: every submission is stored as it came, and becomes a lead if anyhow possible."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from api import examples
from api.bodies import Fields, read_fields
from api.deps import DatabaseDep, SettingsDep, TildaTokens, is_known, unauthorized
from api.errors import invalid, log_failure
from api.intake import Delivery, Submission, record_delivery, submit_delivery
from api.limits import LARGEST_BODY, BodyRefused
from api.masking import mask_body, mask_json
from api.routes.leads import stored
from api.schemas import LeadOut, StatusOut
from api.settings import ApiSettings
from api.text import clean, decode
from api.tilda import form_tokens, is_probe, read_lead
from shared.clock import utc_now
from shared.contacts import ContactError

SOURCE = "tilda"
PATH = "/leads/webhooks/tilda"
MOST_FIELDS = 1000

router = APIRouter(tags=["webhooks"])


@router.head(f"{PATH}/", include_in_schema=False)
@router.get(f"{PATH}/", include_in_schema=False)
@router.head(PATH, include_in_schema=False)
@router.get(PATH, summary="Is the webhook there?", response_description="It is.")
async def look() -> StatusOut:
    """For browsers and monitors that look whether the address is right; stores nothing."""
    return StatusOut()


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
    openapi_extra={"requestBody": examples.TILDA_BODY},
)
async def receive(
    request: Request, database: DatabaseDep, settings: SettingsDep, tokens: TildaTokens
) -> Response:
    """Takes what Tilda and its likes post: form or JSON, flat or inside `data`, `fields` or `post`. Fields
    are known by what their names include; what is no name and no contact is kept in `extra`."""
    body, refusal = await _read(request)
    content_type = request.headers.get("content-type")
    fields = _fields(body, content_type)
    secrets = _authorised(settings, tokens, fields)
    delivery = Delivery(SOURCE, content_type and clean(content_type)[:200], _storable(body, secrets))
    if refusal:
        await record_delivery(database, delivery, utc_now(), outcome="refused", error=refusal.detail)
        raise refusal
    if is_probe(fields):
        await record_delivery(database, delivery, utc_now(), outcome="probe")
        return JSONResponse({"status": "ok"})
    try:
        submission = _submission(fields, settings, secrets)
    except ContactError as error:
        await record_delivery(database, delivery, utc_now(), outcome="refused", error=str(error))
        value = next((item.value for item in fields if clean(item.key) == error.field), None)
        raise invalid(error.field, str(error), value, "contact") from None
    row, created = await submit_delivery(database, submission, delivery, utc_now())
    return stored(row, created=created)


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


def _fields(body: bytes, content_type: str | None) -> Fields:
    try:
        return read_fields(body, content_type)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the body, it is to be stored
        log_failure("reading a form", error)
        return []


def _authorised(settings: ApiSettings, tokens: list[bytes], fields: Fields) -> list[str]:
    """The secrets that must not be stored; 401 if TILDA_TOKEN is set and is not among those presented."""
    secrets = form_tokens(fields)
    presented = [*tokens, *(secret.encode("utf-8", "replace") for secret in secrets)]
    if not is_known(settings.tilda_token, presented):
        raise unauthorized("TILDA_TOKEN is needed: in a header, in the form or in the address")
    return [*secrets, *(token.get_secret_value() for token in settings.tilda_token)]


def _storable(body: bytes, secrets: list[str]) -> str:
    # PostgreSQL's texts hold no NUL.
    return mask_body(decode(body), secrets).replace("\x00", "\\x00")


def _submission(fields: Fields, settings: ApiSettings, secrets: list[str]) -> Submission:
    if len(fields) > MOST_FIELDS:
        raise ContactError("body", f"the form has more than {MOST_FIELDS} fields")
    try:
        lead = read_lead(fields, region=settings.phone_region)
    except ContactError:
        raise
    except Exception as error:
        log_failure("understanding a form", error)
        raise ContactError("body", "the form could not be understood") from error
    return Submission(lead.name, lead.contact, SOURCE, lead.key, mask_json(lead.extra, secrets))
