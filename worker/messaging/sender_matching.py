"""People who write to us before we write to them: which waiting lead is theirs, and what becomes of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, update
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import LEADS, Lead, Message
from shared.leads import contact_evidence
from shared.leads.contact_evidence import ContactKind
from shared.leads.suppression_list import PERSON
from shared.leads.transitions import change_status
from shared.statuses import GIVEN_UP, NOT_GREETED, LeadStatus
from worker.domain import identity
from worker.domain.outcomes import WroteFirst
from worker.domain.telegram_port import Incoming, Sender
from worker.messaging import outbox

WROTE_FIRST = WroteFirst().reason
WROTE_AGAIN = "the person wrote again"
# Some write first and fill in the form then; and Telegram's clock is not ours.
BEFORE_THE_FORM = timedelta(minutes=5)
# A lead that was given up longer ago is not matched by its username or phone: these change owners.
MAX_AGE = timedelta(days=30)
# After this time a matching username or phone may be another person's: they are asked first.
CERTAIN_FOR = timedelta(days=1)
_MAX_MATCHES = 20


async def reopen_conversation(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    """Turn a lead that is not in a conversation into one, because its person writes; `lead` is locked.

    A greeting that waits is cancelled: the answer to their words has its content. One that Telegram may have
    already is left.
    """
    if lead.status not in NOT_GREETED | GIVEN_UP:
        return
    reason = WROTE_FIRST if lead.status in NOT_GREETED else WROTE_AGAIN
    await outbox.cancel_unreleased(session, lead.id, reason)
    await change_status(session, lead, LeadStatus.ENGAGED, reason=reason, actor=PERSON, now=now)
    await session.refresh(lead)


async def is_being_written_to(session: AsyncSession, lead: Lead) -> bool:
    """Return True if a worker may be sending the greeting right now: what comes of it decides the status."""
    if lead.status is not LeadStatus.RESOLVED or lead.leased_by is None:
        return False
    queued = exists().where(col(Message.lead_id) == lead.id, col(Message.state) == "queued")
    return bool((await session.exec(select(queued))).one())


async def match_sender(
    session: AsyncSession, account_id: int, incoming: Incoming, *, now: datetime
) -> Lead | None:
    """Return and lock the waiting lead whose username or phone the sender has; they become its person.

    Only people are matched: bots, channels and Telegram's service account are not. Returns None if no lead
    waits for the sender.
    """
    sender = incoming.sender
    if sender is None or not sender.is_person or sender.access_hash is None:
        return None
    found = await _waiting_leads(session, sender, written_at=incoming.sent_at, now=now)
    for lead in found:
        via = matching_contact(lead, sender)
        if via is None:
            continue
        columns = _adopted(lead, account_id, sender.access_hash, sender.user_id, via, now=now)
        await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(columns))
        await session.refresh(lead)
        return lead
    return None


def matching_contact(lead: Lead, sender: Sender) -> ContactKind | None:
    """Return the lead's contact that the sender has now; None if they have none that is certain enough.

    A weak username does not count while the lead's phone is left to try: the phone comes first.
    """
    found_by = contact_evidence.found_by(lead) if lead.telegram_user_id is not None else None
    phone_is_left = bool(lead.phone_e164) and not lead.phone_error
    if (
        lead.username
        and found_by != "phone"
        and identity.has_username(sender, lead.username)
        and not (contact_evidence.is_weak(lead, "username") and phone_is_left)
    ):
        return "username"
    if lead.phone_e164 and found_by != "username" and identity.has_phone(sender, lead.phone_e164):
        return "phone"
    return None


def _adopted(
    lead: Lead, account_id: int, access_hash: int, user_id: int, via: ContactKind, *, now: datetime
) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "telegram_user_id": user_id,
        "access_hash": access_hash,
        "account_id": account_id,
        "resolved_via": via,
        "username_error" if via == "username" else "phone_error": None,
    }
    if now - lead.created_at > CERTAIN_FOR:
        columns["contact_evidence"] = contact_evidence.weakened(lead, via, "the person wrote days later")
    if lead.account_id != account_id:
        # Another account's worker, or none, has it: that worker loses its lease.
        columns |= {"leased_by": None, "leased_until": None}
    return columns


async def _waiting_leads(
    session: AsyncSession, sender: Sender, *, written_at: datetime, now: datetime
) -> Sequence[Lead]:
    """Lock the leads that wait for a person with one of the sender's contacts, the newest first."""
    names = [name.lower() for name in sender.usernames]
    contacts: list[ColumnElement[bool]] = []
    if names:
        contacts.append(func.lower(LEADS.c.username).in_(names))
    if sender.phone:
        contacts.append(col(Lead.phone_e164) == f"+{sender.phone.removeprefix('+')}")
    if not contacts:
        return []
    found = await session.exec(
        select(Lead)
        .where(
            or_(*contacts),
            _waits(now),
            col(Lead.created_at) <= written_at + BEFORE_THE_FORM,
            col(Lead.duplicate_of).is_(None),
            ~_has_talked(),
        )
        .order_by(col(Lead.id).desc())
        .limit(_MAX_MATCHES)
        .with_for_update()
    )
    return found.all()


def _waits(now: datetime) -> ColumnElement[bool]:
    given_up = and_(col(Lead.status).in_(GIVEN_UP), col(Lead.updated_at) > now - MAX_AGE)
    # A human has the lead, but no Telegram user was found for it.
    nameless = and_(col(Lead.status) == LeadStatus.HANDED_OFF, col(Lead.telegram_user_id).is_(None))
    return or_(col(Lead.status).in_(NOT_GREETED), given_up, nameless)


def _has_talked() -> ColumnElement[bool]:
    """Return the condition that a person has, or may have, got a message about this lead, or has written."""
    return exists().where(
        col(Message.lead_id) == Lead.id,
        or_(
            col(Message.released_at).is_not(None),
            col(Message.state) == "sent",
            col(Message.kind) == "reply",
        ),
    )
