"""Leads: take them in, list them, show one, try one again."""

import json
import logging
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.responses import Response
from sqlmodel import col, select
from starlette.requests import ClientDisconnect

from api.dependencies import (
    API_SCOPE,
    DatabaseDep,
    IntakeDep,
    SettingsDep,
    admit_submission,
    api_token_of,
    get_intake,
    get_settings,
    require_api_token,
)
from api.errors import invalid
from api.forms.text_cleaning import clean, clean_json, merge_numbering_duplicates, one_line
from api.intake.arrival import with_key
from api.intake.submission import Submission
from api.queries.filters import LeadFilters, RowId
from api.queries.personal_data import get_lead_or_404
from api.schemas import examples
from api.schemas.models import LeadDetail, LeadIn, LeadOut, LeadPage, lead_json
from api.security.throttling import Throttle
from shared.clock import utc_now
from shared.contacts import Contact, ContactError, read_contact
from shared.database.models import LeadEvent, Message
from shared.errors import IllegalTransitionError, LostRaceError
from shared.leads.transitions import change_status
from shared.statuses import LeadStatus

logger = logging.getLogger(__name__)

KEY_REUSED = "this Idempotency-Key came with another request before, send a new one"
LONGEST_KEY = 255
RETRIABLE = frozenset({LeadStatus.UNREACHABLE, LeadStatus.FAILED})

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
    dependencies=[Depends(admit_submission)],
    response_model=LeadOut,
    response_description="The lead as it is stored; the worker will write to the person.",
    responses={
        200: {"model": LeadOut, "description": "It was stored before."},
        409: examples.problem(
            "The `Idempotency-Key` came with another request before: nothing was stored.",
            f"{KEY_REUSED}: lead 1 is what it stands for. Nothing was stored now",
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
            max_length=LONGEST_KEY,
            description="The same key again: the lead that was stored first, with 200; 409 if it comes with"
            " another request. Without one, the same again within REPEAT_WINDOW_SECONDS is a repeat.",
        ),
    ] = None,
) -> Response:
    """Store a person who asked to be written to. A phone or a Telegram username is needed, as people type
    them; each may stand in the other's field, and one that cannot be read is no obstacle beside a good other.
    Fields beyond those listed are kept in `extra`."""
    contact, unread = _contact(lead, settings.phone_region)
    submission = Submission(
        name=lead.name,
        contact=contact,
        source="api",
        key=one_line(idempotency_key or "") or None,
        extra=merge_numbering_duplicates([*_extra(lead).items(), *unread.items()]),
    )
    result = await intake.store(with_key(submission, utc_now(), settings.repeat_window))
    lead_stored = result.lead or {}
    if not result.created and lead_stored["fingerprint"] not in {None, submission.fingerprint}:
        known = f"lead {lead_stored['id']} is what it stands for"
        raise HTTPException(409, f"{KEY_REUSED}: {known}. Nothing was stored now")
    return stored(lead_stored, created=result.created)


async def create_lead_fast(request: Request) -> Response | None:
    """The same for a request in which all is right; None for another: FastAPI says what is wrong."""
    settings = await get_settings(request)
    keys = request.headers.getlist("idempotency-key")
    lead = await _parse_simple(request)
    token = await api_token_of(request, settings)
    if lead is None or token is None or len(keys) > 1 or len("".join(keys)) > LONGEST_KEY:
        return None
    admission = Throttle(request)
    await admission.check_not_locked_out(API_SCOPE, token)
    await admission.consume(API_SCOPE, token)
    return await create_lead(lead, await get_intake(request), settings, *keys)


async def _parse_simple(request: Request) -> LeadIn | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return None
    try:
        # As FastAPI reads it: pydantic's own reader thinks otherwise of NaN, of half characters and of depth.
        return LeadIn.model_validate(json.loads(await request.body()))
    except (ClientDisconnect, ValueError, RecursionError):
        return None


def stored(lead: Mapping[str, Any], *, created: bool) -> Response:
    """The answer to a submission: 201 with a new lead, 200 with the one of a repeat."""
    logger.info("lead %s from %s %s", lead["id"], lead["source"], "stored" if created else "came again")
    headers = {"Location": f"/leads/{lead['id']}"}
    return Response(lead_json(lead), 201 if created else 200, headers=headers, media_type="application/json")


@router.get("", summary="List leads", response_description="The newest leads first.")
async def list_leads(
    database: DatabaseDep, settings: SettingsDep, filters: Annotated[LeadFilters, Query()]
) -> LeadPage:
    """Newest first, filtered. There are more if `next_cursor` is not null."""
    query = filters.query(region=settings.phone_region, is_postgres=database.is_postgres)
    async with database.reading() as session:
        found = (await session.exec(query)).all()
    items = [LeadOut.model_validate(lead) for lead in found[: filters.limit]]
    is_last = len(found) <= filters.limit
    return LeadPage(items=items, next_cursor=None if is_last else filters.cursor_after(found[len(items) - 1]))


@router.get(
    # Only a number: /leads/import is no lead.
    "/{lead_id:int}",
    summary="Show a lead",
    response_description="The lead with its conversation and history.",
    responses=examples.NOT_FOUND,
)
async def show_lead(lead_id: RowId, database: DatabaseDep) -> LeadDetail:
    """One lead with its messages and the changes of its status, oldest first."""
    async with database.reading() as session:
        lead = await get_lead_or_404(session, lead_id)
        messages = await session.exec(
            select(Message).where(col(Message.lead_id) == lead_id).order_by(col(Message.id))
        )
        events = await session.exec(
            select(LeadEvent).where(col(LeadEvent.lead_id) == lead_id).order_by(col(LeadEvent.id))
        )
        shown = LeadOut.model_validate(lead).model_dump()
        return LeadDetail.model_validate({**shown, "messages": messages.all(), "events": events.all()})


@router.post(
    "/{lead_id}/retry",
    summary="Try a lead again",
    response_description="The lead, `pending` and due at once.",
    responses={
        **examples.NOT_FOUND,
        409: examples.problem("It is neither `unreachable` nor `failed`.", "the lead is engaged: …"),
    },
)
async def retry_lead(lead_id: RowId, database: DatabaseDep) -> LeadOut:
    """Put an `unreachable` or `failed` lead back to `pending`: the worker turns to it at once, from the
    beginning, with all its tries."""
    now = utc_now()
    async with database.writing() as session:
        lead = await get_lead_or_404(session, lead_id)
        if lead.status not in RETRIABLE:
            raise HTTPException(
                409, f"the lead is {lead.status}: only an unreachable or failed one is tried again"
            )
        try:
            await change_status(
                session,
                lead,
                LeadStatus.PENDING,
                reason="tried again on request",
                actor="api",
                now=now,
                due_at=now,
                username_error=None,
            )
        except (IllegalTransitionError, LostRaceError):
            raise HTTPException(409, "somebody else has just moved the lead: look at it again") from None
        await session.refresh(lead)
        return LeadOut.model_validate(lead)


def _contact(lead: LeadIn, region: str) -> tuple[Contact, dict[str, str]]:
    """The contact, and what beside it could not be read."""
    given = {"phone": lead.phone, "username": lead.username}
    try:
        return read_contact(**given, region=region), {}
    except ContactError as error:
        unread = given.pop(error.field)
        try:
            contact = read_contact(given.get("phone"), given.get("username"), region=region)
        except ContactError:
            raise invalid(error.field, str(error), unread, "contact") from None
        return contact, {error.field: clean(unread or "")}


def _extra(lead: LeadIn) -> dict[str, Any]:
    try:
        further = clean_json(lead.model_extra or {})
    except ValueError as error:
        raise invalid("extra", str(error)) from None
    return merge_numbering_duplicates([*lead.extra.items(), *further.items()])
