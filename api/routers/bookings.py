"""Bookings: the calls of schedulers, what they brought, and what a human ties or enters."""

import logging
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import SecretStr
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.bookings import signatures
from api.bookings.receiving import Call, Received, keep, receive
from api.dependencies import DatabaseDep, SettingsDep
from api.errors import invalid
from api.forms.body.raw_body import to_text
from api.queries.filters import RowId
from api.queries.personal_data import get_lead_or_404
from api.routers.webhook_body import read_body
from api.schemas import examples
from api.schemas.bookings import BookingCallOut, BookingIn, BookingOut, PlannedIn, TieIn
from api.schemas.models import LeadOut
from api.security.throttling import ThrottleDep
from api.security.tokens import API_SCOPE, api_token_of, find_valid_token, require_api_token, unauthorized
from api.settings import ApiSettings
from shared.bookings import by_hand
from shared.bookings.booking_store import tie
from shared.bookings.changes import CALCOM, CALENDLY, GENERIC
from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Booking, BookingConnection, Lead
from shared.leads import plans
from shared.leads.handoff import lock

logger = logging.getLogger(__name__)

ACTOR = "api"

router = APIRouter(
    tags=["bookings"],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)
_PRIVATE: dict[str, Any] = {
    "dependencies": [Depends(require_api_token)],
    "responses": {**examples.NOT_FOUND, **examples.BODY_REFUSED},
}


@router.post(
    "/bookings/calendly",
    summary="A call of Calendly",
    response_description="The call is stored.",
    responses=dict(examples.BODY_REFUSED),
)
async def from_calendly(request: Request, database: DatabaseDep, settings: SettingsDep) -> BookingCallOut:
    """Calendly's webhook: needs the signature that `python -m api calendly connect` has agreed on. Every
    signed call gets 200, also about events that say nothing about a booking."""
    body = await _body(request)
    keys = [*_texts(settings.calendly_signing_key), *await _stored_keys(database, CALENDLY)]
    header = request.headers.get("calendly-webhook-signature")
    if not signatures.is_calendlys(body, header, keys, utc_now()):
        raise unauthorized("a valid Calendly-Webhook-Signature is needed")
    return _answer(await _receive(request, database, settings, CALENDLY, body))


@router.post(
    "/bookings/calcom",
    summary="A call of Cal.com",
    response_description="The call is stored.",
    responses=dict(examples.BODY_REFUSED),
)
async def from_calcom(request: Request, database: DatabaseDep, settings: SettingsDep) -> BookingCallOut:
    """Cal.com's webhook: needs the signature that `python -m api calcom connect` has agreed on, or one with
    CALCOM_SECRET. Every signed call gets 200."""
    body = await _body(request)
    keys = [*_texts(settings.calcom_secret), *await _stored_keys(database, CALCOM)]
    if not signatures.is_calcoms(body, request.headers.get("x-cal-signature-256"), keys):
        raise unauthorized("a valid X-Cal-Signature-256 is needed")
    return _answer(await _receive(request, database, settings, CALCOM, body))


@router.post(
    "/bookings",
    summary="Report a booking",
    response_description="The booking is stored.",
    responses=dict(examples.BODY_REFUSED),
)
async def from_anybody(
    request: Request, database: DatabaseDep, settings: SettingsDep, throttle: ThrottleDep
) -> BookingCallOut:
    """For schedulers of all kinds, by Make, n8n or your own program: `action` (created, rescheduled,
    cancelled, no_show, no_show_undone), `external_id`, `token` or `contact`, `start`, `end`, `url`. Needs
    BOOKINGS_TOKEN or API_TOKEN, or a Standard Webhooks signature with BOOKINGS_SECRET."""
    body = await _body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    is_signed = signatures.is_standard(body, headers, _texts(settings.bookings_secret), utc_now())
    if not is_signed:
        await throttle.check_not_locked_out(API_SCOPE, await _valid_token(request, settings))
    received = await _receive(request, database, settings, GENERIC, body)
    if received.outcome == "refused":
        raise invalid("body", received.error or "", kind="booking")
    return _answer(received)


@router.get(
    "/bookings",
    summary="List bookings",
    response_description="The newest first.",
    dependencies=[Depends(require_api_token)],
)
async def list_bookings(
    database: DatabaseDep,
    unmatched: Annotated[bool, Query(description="Only those that belong to no lead.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[BookingOut]:
    """The newest bookings, with their history by lead in `GET /leads/{id}`."""
    rows = select(Booking).order_by(col(Booking.id).desc()).limit(limit)
    if unmatched:
        rows = rows.where(col(Booking.lead_id).is_(None))
    async with database.reading() as session:
        return [BookingOut.model_validate(one) for one in (await session.exec(rows)).all()]


@router.post(
    "/bookings/{booking_id}/lead",
    summary="Tie a booking to a lead",
    response_description="The booking, now of that lead.",
    dependencies=_PRIVATE["dependencies"],
    responses={
        **_PRIVATE["responses"],
        409: examples.problem("The booking belongs to another lead.", "booking 2 belongs to lead 11"),
    },
)
async def tie_booking(booking_id: RowId, wanted: TieIn, database: DatabaseDep) -> BookingOut:
    """For a booking that matched no lead. The lead becomes `booked`, and its reminders are planned."""
    async with database.writing() as session:
        booking = await session.get(Booking, booking_id)
        if booking is None:
            raise HTTPException(404, f"there is no booking {booking_id}")
        if booking.lead_id not in (None, wanted.lead_id):
            raise HTTPException(409, f"booking {booking_id} belongs to lead {booking.lead_id}")
        if await tie(session, booking, wanted.lead_id, actor=ACTOR, now=utc_now()) is None:
            raise HTTPException(404, f"there is no lead {wanted.lead_id}")
        await session.refresh(booking)
        if booking.lead_id != wanted.lead_id:
            # Another call has tied it at this moment.
            raise HTTPException(409, f"booking {booking_id} belongs to lead {booking.lead_id}")
        return BookingOut.model_validate(booking)


@router.post(
    "/leads/{lead_id}/booking",
    summary="Enter a booking by hand",
    response_description="The lead, now `booked`.",
    **_PRIVATE,
)
async def book_by_hand(lead_id: RowId, wanted: BookingIn, database: DatabaseDep) -> LeadOut:
    """A human has agreed on a time. A second call moves the meeting; `start: null` cancels it."""
    async with database.writing() as session:
        lead = await _locked(session, lead_id)
        await by_hand.book(
            session, lead, start=wanted.start, end=wanted.end, url=wanted.url, actor=ACTOR, now=utc_now()
        )
        return LeadOut.model_validate(lead)


@router.delete(
    "/leads/{lead_id}/planned/{planned_id}",
    summary="Cancel a planned message",
    response_description="The lead.",
    **_PRIVATE,
)
async def cancel_planned(lead_id: RowId, planned_id: RowId, database: DatabaseDep) -> LeadOut:
    """Cancel a follow-up, a reminder or a message at a requested time. `GET /leads/{id}` lists them."""
    async with database.writing() as session:
        lead = await _locked(session, lead_id)
        now = utc_now()
        reason = "cancelled on request"
        if not await plans.cancel(session, lead_id, only=[planned_id], reason=reason, actor=ACTOR, now=now):
            raise HTTPException(404, f"lead {lead_id} has no planned message {planned_id}")
        await plans.refresh(session, lead_id, now=now)
        await session.refresh(lead)
        return LeadOut.model_validate(lead)


@router.patch(
    "/leads/{lead_id}/planned/{planned_id}",
    summary="Move a planned message",
    response_description="The lead.",
    **_PRIVATE,
)
async def move_planned(
    lead_id: RowId, planned_id: RowId, wanted: PlannedIn, database: DatabaseDep
) -> LeadOut:
    """Send a planned message earlier or later. Then it is checked again: hours, days off, conversation."""
    async with database.writing() as session:
        lead = await _locked(session, lead_id)
        if not await plans.postpone(session, planned_id, wanted.send_at, lead_id=lead_id):
            raise HTTPException(404, f"lead {lead_id} has no planned message {planned_id}")
        await plans.refresh(session, lead_id, now=utc_now())
        await session.refresh(lead)
        return LeadOut.model_validate(lead)


async def _locked(session: AsyncSession, lead_id: int) -> Lead:
    lead = await lock(session, lead_id)
    return lead if lead is not None else await get_lead_or_404(session, lead_id)


async def _body(request: Request) -> bytes:
    read = await read_body(request)
    if read.refusal is not None:
        raise read.refusal
    return read.content


async def _receive(
    request: Request, database: Database, settings: ApiSettings, source: str, body: bytes
) -> Received:
    text, charset = to_text(body)
    call = Call(
        *(source, utc_now(), text, charset),
        content_type=(request.headers.get("content-type") or "")[:200] or None,
        idempotency_key=(request.headers.get("webhook-id") or "")[:255] or None,
    )
    try:
        async with database.writing() as session:
            received = await receive(session, call, region=settings.phone_region)
    except DATABASE_DOWN:
        raise
    except Exception:
        # A bug: the call is kept, and the sender repeats it.
        async with database.writing() as session:
            await keep(session, call, Received("refused", "it could not be processed"))
        raise
    logger.info("a call about a booking from %s: %s", source, received.outcome)
    return received


def _answer(received: Received) -> BookingCallOut:
    first = received.bookings[0] if received.bookings else None
    return BookingCallOut(
        outcome=received.outcome,
        booking_id=first.booking_id if first else None,
        lead_id=received.lead_id,
        error=received.error,
    )


async def _stored_keys(database: Database, source: str) -> list[str]:
    async with database.reading() as session:
        keys = select(BookingConnection.signing_key).where(col(BookingConnection.source) == source)
        return [key for key in (await session.exec(keys)).all() if key]


async def _valid_token(request: Request, settings: ApiSettings) -> bytes:
    """Return the valid API_TOKEN or BOOKINGS_TOKEN; raises 401 if the request has neither."""
    if settings.api_token and (token := await api_token_of(request, settings)):
        return token
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    presented = [credentials] if scheme.lower() == "bearer" else []
    # Some senders can only be given an address.
    presented += [request.query_params.get("token", "")]
    tokens = [one.encode("utf-8", "replace") for one in presented if one]
    token = find_valid_token(settings.bookings_token, tokens) if settings.bookings_token else None
    if not token:
        raise unauthorized("BOOKINGS_TOKEN, or a signature with BOOKINGS_SECRET, is needed")
    return token


def _texts(secrets: Sequence[SecretStr]) -> list[str]:
    return [secret.get_secret_value() for secret in secrets]
