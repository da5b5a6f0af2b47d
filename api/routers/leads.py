"""Leads: store one, list them, show one, retry one."""

import json
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.responses import Response
from sqlmodel import col, select
from starlette.requests import ClientDisconnect

from api.dependencies import DatabaseDep, IntakeDep, SettingsDep, get_intake, get_settings
from api.errors import invalid
from api.forms.body.text_cleaning import clean, clean_json, merge_numbering_duplicates, one_line
from api.intake.submission import Submission, with_key
from api.queries.filters import LeadFilters, RowId
from api.queries.personal_data import get_lead_or_404
from api.queries.plans import plans_of
from api.schemas import examples
from api.schemas.models import LeadDetail, LeadIn, LeadOut, LeadPage
from api.schemas.responses import lead_response
from api.security.throttling import Throttle
from api.security.tokens import API_SCOPE, api_token_of, limit_submissions, require_api_token
from shared.clock import utc_now
from shared.contacts import Contact, ContactError, read_contact
from shared.database.models import LeadEvent, Message
from shared.leads.requeue import RetryError, try_again

logger = logging.getLogger(__name__)

KEY_REUSED = "this Idempotency-Key came with another request before, send a new one"
MAX_KEY_LENGTH = 255

router = APIRouter(
    prefix="/leads",
    tags=["leads"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)


@router.post(
    "",
    status_code=201,
    summary="Store a lead",
    dependencies=[Depends(limit_submissions)],
    response_model=LeadOut,
    response_description="The stored lead; the worker will write to the person.",
    responses={
        200: {"model": LeadOut, "description": "The lead was stored before."},
        409: examples.problem(
            "The `Idempotency-Key` was used for another request before. Nothing was stored.",
            f"{KEY_REUSED}: it belongs to lead 1. Nothing was stored now",
        ),
        **examples.BODY_REFUSED,
    },
)
async def create_lead(
    lead: LeadIn,
    intake: IntakeDep,
    settings: SettingsDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=MAX_KEY_LENGTH,
            description="A repeated key returns the first lead with 200, or 409 if the request differs."
            " Without a key, the same content within REPEAT_WINDOW_SECONDS is a repeat.",
        ),
    ] = None,
) -> Response:
    """Store a person who asked to be contacted. A phone or a Telegram username is needed, in any common
    notation. Each may be in the other's field. If only one of the two is valid, that is enough. Unknown
    fields are kept in `extra`."""
    contact, unparsed = _parse_contact(lead, settings.phone_region)
    submission = Submission(
        name=lead.name,
        contact=contact,
        source="api",
        key=one_line(idempotency_key or "") or None,
        extra=merge_numbering_duplicates([*_extra(lead).items(), *unparsed.items()]),
    )
    result = await intake.store(with_key(submission, utc_now(), settings.repeat_window))
    lead_stored = result.lead or {}
    if not result.created and lead_stored["fingerprint"] not in {None, submission.fingerprint}:
        raise HTTPException(
            409, f"{KEY_REUSED}: it belongs to lead {lead_stored['id']}. Nothing was stored now"
        )
    return lead_response(lead_stored, created=result.created)


async def create_lead_fast(request: Request) -> Response | None:
    """Fast path of `create_lead`; returns None for an invalid request, which FastAPI then answers."""
    settings = await get_settings(request)
    keys = request.headers.getlist("idempotency-key")
    lead = await _parse_simple(request)
    token = await api_token_of(request, settings)
    if lead is None or token is None or len(keys) > 1 or len("".join(keys)) > MAX_KEY_LENGTH:
        return None
    throttle = Throttle(request)
    await throttle.check_not_locked_out(API_SCOPE, token)
    await throttle.consume(API_SCOPE, token)
    return await create_lead(lead, await get_intake(request), settings, *keys)


async def _parse_simple(request: Request) -> LeadIn | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return None
    try:
        # As FastAPI does: pydantic's JSON parser treats NaN, lone surrogates and nesting differently.
        return LeadIn.model_validate(json.loads(await request.body()))
    except (ClientDisconnect, ValueError, RecursionError):
        return None


@router.get("", summary="List leads", response_description="The newest leads first.")
async def list_leads(
    database: DatabaseDep, settings: SettingsDep, filters: Annotated[LeadFilters, Query()]
) -> LeadPage:
    """Newest first, with filters. If `next_cursor` is not null, there are more."""
    query = filters.query(region=settings.phone_region, is_postgres=database.is_postgres)
    async with database.reading() as session:
        found = (await session.exec(query)).all()
    items = [LeadOut.model_validate(lead) for lead in found[: filters.limit]]
    is_last = len(found) <= filters.limit
    return LeadPage(items=items, next_cursor=None if is_last else filters.cursor_after(found[len(items) - 1]))


@router.get(
    # Only a number: /leads/import is another route.
    "/{lead_id:int}",
    summary="Show a lead",
    response_description="The lead with its conversation and history.",
    responses=examples.NOT_FOUND,
)
async def show_lead(lead_id: RowId, database: DatabaseDep) -> LeadDetail:
    """One lead with its messages and its status changes, oldest first."""
    async with database.reading() as session:
        lead = await get_lead_or_404(session, lead_id)
        messages = await session.exec(
            select(Message).where(col(Message.lead_id) == lead_id).order_by(col(Message.id))
        )
        events = await session.exec(
            select(LeadEvent).where(col(LeadEvent.lead_id) == lead_id).order_by(col(LeadEvent.id))
        )
        about = await plans_of(session, lead_id)
        fields = LeadOut.model_validate(lead).model_dump()
        return LeadDetail.model_validate(
            {**fields, **about, "messages": messages.all(), "events": events.all()}
        )


@router.post(
    "/{lead_id}/retry",
    summary="Retry a lead",
    response_description="The lead, now `pending` and due immediately.",
    responses={
        **examples.NOT_FOUND,
        409: examples.problem("The lead is neither `unreachable` nor `failed`.", "the lead is engaged: …"),
    },
)
async def retry_lead(lead_id: RowId, database: DatabaseDep) -> LeadOut:
    """Set an `unreachable` or `failed` lead back to `pending`. The worker starts over with it immediately,
    and the failed attempts are reset."""
    async with database.writing() as session:
        lead = await get_lead_or_404(session, lead_id)
        try:
            await try_again(session, lead, actor="api", now=utc_now())
        except RetryError as refusal:
            raise HTTPException(409, str(refusal)) from None
        return LeadOut.model_validate(lead)


def _parse_contact(lead: LeadIn, region: str) -> tuple[Contact, dict[str, str]]:
    """Return the contact, and the field that could not be parsed, if there is one."""
    given = {"phone": lead.phone, "username": lead.username}
    try:
        return read_contact(**given, region=region), {}
    except ContactError as error:
        invalid_value = given.pop(error.field)
        try:
            contact = read_contact(given.get("phone"), given.get("username"), region=region)
        except ContactError:
            raise invalid(error.field, str(error), invalid_value, "contact") from None
        return contact, {error.field: clean(invalid_value or "")}


def _extra(lead: LeadIn) -> dict[str, Any]:
    try:
        further = clean_json(lead.model_extra or {})
    except ValueError as error:
        raise invalid("extra", str(error)) from None
    return merge_numbering_duplicates([*lead.extra.items(), *further.items()])
