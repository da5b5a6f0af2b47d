"""All data about a person: find, export and erase it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import HTTPException
from sqlalchemy import ColumnElement, delete, func, inspect, tuple_, union
from sqlmodel import SQLModel, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import (
    ACCOUNTS,
    DELIVERIES,
    LEADS,
    MESSAGES,
    PEOPLE,
    Booking,
    BookingEvent,
    DoNotContact,
    Lead,
    LeadEvent,
    Message,
    OwnerNotice,
    PlannedMessage,
    TelegramPerson,
    WebhookDelivery,
)
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity


async def get_lead_or_404(session: AsyncSession, lead_id: int) -> Lead:
    """Return the lead; raises 404 if there is none."""
    lead = await session.get(Lead, lead_id)
    if lead is None:
        raise HTTPException(404, f"there is no lead {lead_id}")
    return lead


async def leads_of_person(session: AsyncSession, lead: Lead) -> Sequence[Lead]:
    """Return `lead`, its duplicates, and leads with the same phone, username or Telegram account."""
    identities = [
        (col(Lead.phone_e164), lead.phone_e164),
        (col(Lead.telegram_user_id), lead.telegram_user_id),
    ]
    same = [col(Lead.id) == lead.id, col(Lead.duplicate_of) == lead.id]
    same += [column == value for column, value in identities if value is not None]
    if lead.username:
        same.append(func.lower(col(Lead.username)) == lead.username.lower())
    if lead.duplicate_of is not None:
        same += [col(Lead.id) == lead.duplicate_of, col(Lead.duplicate_of) == lead.duplicate_of]
    found = await session.exec(select(Lead).where(or_(*same)).order_by(col(Lead.id)))
    return found.all()


async def erase(session: AsyncSession, leads: Sequence[Lead]) -> None:
    """Delete leads with their messages, events, notices and webhook calls.

    A worker that is processing one of them finds no lead when it records its outcome, and drops the outcome.
    """
    ids = [lead.id for lead in leads]
    # Leads are locked first and by id, as in every transaction that locks several: no deadlocks.
    await session.exec(select(Lead.id).where(col(Lead.id).in_(ids)).order_by(col(Lead.id)).with_for_update())
    await session.exec(delete(DELIVERIES).where(DELIVERIES.c.lead_id.in_(ids)))
    # The text of a repeated request is a message in the conversation of the first lead.
    joined = [f"{number}:request" for number in ids]
    await session.exec(delete(MESSAGES).where(MESSAGES.c.key.in_(joined)))
    # Cached peers of the person: if needed again, the worker looks them up again.
    await session.exec(delete(PEOPLE).where(_cached_peers(leads)))
    await session.exec(delete(LEADS).where(LEADS.c.id.in_(ids)))


def _cached_peers(leads: Sequence[Lead]) -> ColumnElement[bool]:
    """Return the condition for cached peers that are the person of one of `leads`."""
    numbers = {lead.telegram_user_id for lead in leads if lead.telegram_user_id}
    phones = {lead.phone_e164 for lead in leads if lead.phone_e164}
    # The cache stores usernames in lower case.
    usernames = {lead.username.lower() for lead in leads if lead.username}
    person = select(PEOPLE.c.account_id, PEOPLE.c.user_id)
    # The account is the first column of the index: without it PostgreSQL would scan the whole index.
    any_account = PEOPLE.c.account_id.in_(select(ACCOUNTS.c.id))
    return tuple_(PEOPLE.c.account_id, PEOPLE.c.user_id).in_(
        union(
            person.where(PEOPLE.c.user_id.in_(numbers)),
            person.where(any_account, PEOPLE.c.phone_e164.in_(phones)),
            person.where(any_account, PEOPLE.c.username.in_(usernames)),
        )
    )


async def export(session: AsyncSession, lead: Lead, now: datetime) -> Mapping[str, Any]:
    """Return every row about the person of `lead` as JSON values, by table name."""
    # Imported here: the tables of the console take 1 MiB.
    from shared.database.console_models import LeadAction, LeadNote  # noqa: PLC0415

    leads = await leads_of_person(session, lead)
    ids = [each.id for each in leads]
    hashes = {
        value
        for each in leads
        for value in (await suppression_list.contact_hashes(session, SuppressedIdentity.of(each))).values()
    }
    bookings = select(Booking.id).where(col(Booking.lead_id).in_(ids))
    exported: dict[str, tuple[type[SQLModel], ColumnElement[bool]]] = {
        "bookings": (Booking, col(Booking.lead_id).in_(ids)),
        "booking_events": (BookingEvent, col(BookingEvent.booking_id).in_(bookings)),
        "planned_messages": (PlannedMessage, col(PlannedMessage.lead_id).in_(ids)),
        "messages": (Message, col(Message.lead_id).in_(ids)),
        "events": (LeadEvent, col(LeadEvent.lead_id).in_(ids)),
        "deliveries": (WebhookDelivery, col(WebhookDelivery.lead_id).in_(ids)),
        "telegram_people": (TelegramPerson, _cached_peers(leads)),
        "owner_notices": (OwnerNotice, col(OwnerNotice.lead_id).in_(ids)),
        "lead_notes": (LeadNote, col(LeadNote.lead_id).in_(ids)),
        "lead_actions": (LeadAction, col(LeadAction.lead_id).in_(ids)),
        "do_not_contact": (DoNotContact, col(DoNotContact.hash).in_(hashes)),
    }
    found = {name: await _rows(session, model, condition) for name, (model, condition) in exported.items()}
    return {"exported_at": now.isoformat(), "leads": _as_json(leads), **found}


async def _rows(
    session: AsyncSession, model: type[SQLModel], condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """Return the rows of a table that match, in the order of its primary key."""
    key = inspect(model).primary_key
    return _as_json((await session.exec(select(model).where(condition).order_by(*key))).all())


def _as_json(rows: Sequence[SQLModel]) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json") for row in rows]
