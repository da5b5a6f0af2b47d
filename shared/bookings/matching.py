"""Finds the lead of a booking: by its token, by an earlier booking, or by the contacts that were given."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, case, cast, func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.bookings.changes import BookingChange
from shared.contacts import parse_any_phone, parse_username
from shared.database.models import Booking, Lead
from shared.statuses import LeadStatus

# A request older than that is not what a booking of today is about.
_RECENT = timedelta(days=90)
_LIKELY = (LeadStatus.SCHEDULED, LeadStatus.ENGAGED, LeadStatus.BOOKED, LeadStatus.CONTACTED)


async def find_lead(
    session: AsyncSession, change: BookingChange, *, now: datetime, region: str = "RU"
) -> int | None:
    """Return the id of the lead whose booking it is; None if nothing tells it."""
    found = await _by_own_booking(session, change)
    if found is None:
        found = await _by_token(session, change.tokens)
    if found is None:
        found = await _by_bookings(session, change)
    if found is None:
        found = await _by_contact(session, change, now=now, region=region)
    return found


async def linked_leads(session: AsyncSession, change: BookingChange) -> Collection[int]:
    """Return the leads of the bookings before and after this one: a reschedule changes them too."""
    own = col(Booking.external_id) == change.external_id
    following = select(Booking.moved_to).where(col(Booking.source) == change.source, own).scalar_subquery()
    names = [name for name in (change.moved_from, change.moved_to) if name]
    found = await session.exec(
        select(Booking.lead_id).where(
            col(Booking.source) == change.source,
            or_(col(Booking.external_id).in_(names), col(Booking.external_id) == following),
        )
    )
    return {lead_id for lead_id in found.all() if lead_id is not None}


async def _by_own_booking(session: AsyncSession, change: BookingChange) -> int | None:
    """A booking stays with its lead, whatever token a later call carries."""
    found = await session.exec(
        select(Booking.lead_id).where(
            col(Booking.source) == change.source, col(Booking.external_id) == change.external_id
        )
    )
    return found.first()


async def _by_token(session: AsyncSession, tokens: Sequence[str]) -> int | None:
    if not tokens:
        return None
    found = await session.exec(select(Lead.id).where(col(Lead.booking_token).in_(tokens)))
    return found.first()


async def _by_bookings(session: AsyncSession, change: BookingChange) -> int | None:
    """The booking itself, the one before it or the one after it may have its lead."""
    names = [name for name in (change.external_id, change.moved_from, change.moved_to) if name]
    found = await session.exec(
        select(Booking.lead_id)
        .where(
            col(Booking.source) == change.source,
            col(Booking.lead_id).is_not(None),
            or_(
                col(Booking.external_id).in_(names),
                col(Booking.moved_from) == change.external_id,
                col(Booking.moved_to) == change.external_id,
            ),
        )
        .order_by(col(Booking.id))
        .limit(1)
    )
    return found.first()


async def _by_contact(
    session: AsyncSession, change: BookingChange, *, now: datetime, region: str
) -> int | None:
    phones = {
        phone.e164 for one in change.phones if (phone := parse_any_phone(one, region=region)) and phone.e164
    }
    usernames = {name.lower() for one in change.usernames if (name := parse_username(one))}
    conditions = [col(Lead.phone_e164).in_(phones)] if phones else []
    conditions += [func.lower(col(Lead.username)).in_(usernames)] if usernames else []
    if conditions and (lead := await _newest(session, or_(*conditions), now)) is not None:
        return lead
    return await _by_email(session, change.email, now) if change.email else None


async def _newest(session: AsyncSession, condition: ColumnElement[bool], now: datetime) -> int | None:
    found = await session.exec(_recent(condition, now).limit(1))
    return lead.id if (lead := found.first()) else None


async def _by_email(session: AsyncSession, email: str, now: datetime) -> int | None:
    """Forms keep e-mail addresses in `extra`: the text narrows the rows, the value decides."""
    pattern = email.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_").lower()
    holds = func.lower(cast(col(Lead.extra), String)).like(f"%{pattern}%", escape="\\")
    for lead in (await session.exec(_recent(holds, now).limit(20))).all():
        values = [str(value).strip().casefold() for value in lead.extra.values()]
        if email.casefold() in values:
            return lead.id
    return None


def _recent(condition: ColumnElement[bool], now: datetime) -> SelectOfScalar[Lead]:
    return (
        select(Lead)
        .where(
            condition,
            col(Lead.created_at) > now - _RECENT,
            col(Lead.duplicate_of).is_(None),
            # Any visitor can type a contact: it does not bring back a person who refused.
            col(Lead.status) != LeadStatus.REJECTED,
        )
        .order_by(case((col(Lead.status).in_(_LIKELY), 0), else_=1), col(Lead.id).desc())
    )
