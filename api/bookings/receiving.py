"""Stores the call of a scheduler as it came, with what became of it, in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings import calcom, calendly, generic
from shared.bookings.booking_store import Recorded, record_all
from shared.bookings.changes import CALCOM, CALENDLY, GENERIC, BookingChange, UnreadableBookingError
from shared.database.models import DELIVERIES

# No form can have such a source: its name has no slash.
PREFIX: Final = "bookings/"
SOURCES: Final = (CALENDLY, CALCOM, GENERIC)
UNMATCHED = "the booking matches no lead: tie it by POST /bookings/{id}/lead"


@dataclass(frozen=True)
class Call:
    """A call whose signature is valid. `body` is its text; `charset` as in webhook_deliveries."""

    source: str
    received_at: datetime
    body: str
    charset: str | None
    content_type: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Received:
    """What became of a call: its outcome as in webhook_deliveries, why, and the bookings it was about."""

    outcome: str
    error: str | None = None
    bookings: tuple[Recorded, ...] = ()

    @property
    def lead_id(self) -> int | None:
        """The lead of the booking, if one was matched."""
        return next((one.lead_id for one in self.bookings if one.lead_id is not None), None)


def read(source: str, body: str, received_at: datetime) -> list[BookingChange]:
    """Return the changes that a call reports; raises UnreadableBookingError for one that cannot be read."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableBookingError("the body is not JSON") from None
    if not isinstance(call, Mapping):
        raise UnreadableBookingError("the body is not a JSON object")
    if source == CALCOM:
        return calcom.read_call(call, received_at)
    reader = calendly.read_call if source == CALENDLY else generic.read_call
    change = reader(call, received_at)
    return [] if change is None else [change]


async def receive(session: AsyncSession, call: Call, *, region: str) -> Received:
    """Process a call and store it with its outcome; an unknown event is stored and changes nothing."""
    try:
        changes = read(call.source, call.body, call.received_at)
    except UnreadableBookingError as error:
        received = Received("refused", str(error))
    else:
        received = await process(session, call.source, changes, now=call.received_at, region=region)
    await keep(session, call, received)
    return received


async def keep(session: AsyncSession, call: Call, received: Received) -> None:
    """Store a call as it came, and what became of it."""
    await session.exec(
        insert(DELIVERIES).values(
            source=f"{PREFIX}{call.source}",
            received_at=call.received_at,
            content_type=call.content_type,
            idempotency_key=call.idempotency_key,
            body=call.body,
            charset=call.charset,
            outcome=received.outcome,
            error=received.error,
            lead_id=received.lead_id,
        )
    )


async def process(
    session: AsyncSession, source: str, changes: list[BookingChange], *, now: datetime, region: str
) -> Received:
    """Apply the changes of a call."""
    if not changes:
        return Received("probe")
    found = await record_all(session, changes, now=now, actor=source, region=region)
    if not found:
        return Received("probe")
    outcome = "stored" if any(one.is_new for one in found) else "duplicate"
    is_unmatched = all(one.lead_id is None for one in found)
    return Received(outcome, UNMATCHED if is_unmatched else None, tuple(found))
