"""A conversation changes hands: a human takes it, speaks in it, and gives it back to the assistant."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, func, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, LeadEvent, Message
from shared.errors import LeadAssistantError
from shared.leads.handoff_summary import digest
from shared.leads.message_ids import new_random_id
from shared.leads.transitions import change_status
from shared.statuses import OPEN, LeadStatus, may_become

# Given back, a conversation stands where it stood; from anywhere else people are simply talking.
_KEPT: Final = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED, LeadStatus.REJECTED})


class HandoffError(LeadAssistantError):
    """The conversation cannot change hands; the text says why, for the operator. Nothing is written."""


async def lock(session: AsyncSession, lead_id: int) -> Lead | None:
    """The lead as it is now, held until the transaction ends."""
    found = await session.exec(
        select(Lead)
        .where(col(Lead.id) == lead_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def hand_to_human(
    session: AsyncSession,
    lead: Lead,
    *,
    reason: str,
    actor: str,
    now: datetime,
    returns_at: datetime | None = None,
    **changes: Any,  # noqa: ANN401 - columns of the lead, each of its own type
) -> None:
    """A human has the conversation from now on: what the assistant was about to say is taken back.

    `lead` is locked. A human who has it already keeps it until `returns_at`, None = until they give it back.
    Raises HandoffError for a lead with which there is no conversation.
    """
    if lead.status is LeadStatus.HANDED_OFF:
        await _keep(session, lead, returns_at)
        return
    if not may_become(lead.status, LeadStatus.HANDED_OFF):
        raise HandoffError(f"the lead is {lead.status}: there is no conversation to take over")
    said = await session.exec(
        select(Message).where(col(Message.lead_id) == lead.id).order_by(col(Message.id))
    )
    summary = digest(lead, said.all(), reason)
    await change_status(
        session,
        lead,
        LeadStatus.HANDED_OFF,
        reason=reason,
        actor=actor,
        now=now,
        due_at=returns_at,
        returns_at=returns_at,
        handoff_summary=summary,
        follow_up_at=None,
        **changes,
    )
    await session.exec(
        update(Message)
        .where(col(Message.lead_id) == lead.id, col(Message.state).in_(("draft", "queued")))
        .values(state="cancelled", error=reason)
        .execution_options(synchronize_session=False)
    )
    await session.refresh(lead)


async def return_to_assistant(
    session: AsyncSession, lead: Lead, *, reason: str, actor: str, now: datetime
) -> LeadStatus:
    """The assistant has the conversation again, and is due if the person has written and nobody answered.

    `lead` is locked. Gives its status. Raises HandoffError if it is not with a human, if nobody is known to
    talk to, or if the same person is talked to elsewhere.
    """
    if lead.status is not LeadStatus.HANDED_OFF:
        raise HandoffError(f"the lead is {lead.status}: no human has it")
    if lead.telegram_user_id is None:
        raise HandoffError("nobody was found in Telegram for this lead before it was taken over")
    target = await _stood(session, lead)
    if target in OPEN and (other := await _open_elsewhere(session, lead)) is not None:
        raise HandoffError(f"the same person's conversation is open as lead {other}")
    waits = await reopen_unanswered(session, lead)
    # What was taken back was for that moment: it is not to be said any more. A draft never would be.
    await session.exec(
        update(Message)
        .where(col(Message.lead_id) == lead.id, col(Message.state) == "cancelled")
        .where(col(Message.random_id).is_not(None))
        .values(state="failed")
        .execution_options(synchronize_session=False)
    )
    due = {"due_at": now if waits or await _is_queued(session, lead) else None, "returns_at": None}
    await change_status(
        session, lead, target, reason=reason, actor=actor, now=now, handoff_summary=None, **due
    )
    await session.refresh(lead)
    return target


async def queue_human_message(
    session: AsyncSession, lead: Lead, text: str, *, key: str, now: datetime
) -> Message:
    """Queue a human's words in a conversation that they have, for the worker to send at once.

    `key` is unique among all messages. Raises HandoffError if nobody is known to write to.
    """
    if lead.account_id is None or lead.telegram_user_id is None:
        raise HandoffError("nobody has been found in Telegram for this lead yet")
    message = Message(
        lead_id=lead.id or 0,
        account_id=lead.account_id,
        direction="out",
        kind="human",
        text=text,
        key=key,
        random_id=new_random_id(),
        state="queued",
        created_at=now,
    )
    session.add(message)
    await session.flush()
    await mark_answered(session, lead)
    await session.exec(
        update(Lead)
        .where(col(Lead.id) == lead.id)
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return message


async def mark_answered(session: AsyncSession, lead: Lead, *, before: int | None = None) -> None:
    """What the person has said so far, or before Telegram's message `before`, a human has answered."""
    until = [] if before is None else [col(Message.telegram_message_id) < before]
    await session.exec(
        update(Message)
        .where(col(Message.lead_id) == lead.id, col(Message.state) == "received", *until)
        .values(state="handled")
        .execution_options(synchronize_session=False)
    )


async def _keep(session: AsyncSession, lead: Lead, returns_at: datetime | None) -> None:
    # What is queued has its own time.
    due = {} if await _is_queued(session, lead) else {"due_at": returns_at}
    await session.exec(
        update(Lead)
        .where(col(Lead.id) == lead.id)
        .values(returns_at=returns_at, **due)
        .execution_options(synchronize_session=False)
    )
    await session.refresh(lead)


async def _stood(session: AsyncSession, lead: Lead) -> LeadStatus:
    """Where the lead stood when it was handed over, as far as it may stand there again."""
    found = await session.exec(
        select(LeadEvent.from_status)
        .where(col(LeadEvent.lead_id) == lead.id, col(LeadEvent.to_status) == LeadStatus.HANDED_OFF)
        .order_by(col(LeadEvent.id).desc())
        .limit(1)
    )
    before = LeadStatus(found.first() or LeadStatus.ENGAGED)
    return before if before in _KEPT else LeadStatus.ENGAGED


async def _open_elsewhere(session: AsyncSession, lead: Lead) -> int | None:
    found = await session.exec(
        select(Lead.id).where(
            col(Lead.account_id) == lead.account_id,
            col(Lead.telegram_user_id) == lead.telegram_user_id,
            col(Lead.status).in_(OPEN),
        )
    )
    return found.first()


async def reopen_unanswered(session: AsyncSession, lead: Lead, *, understood: bool = False) -> bool:
    """Put back what the person wrote after the last word of ours; says if anything is to be answered.

    That is what they wrote to a human; with `understood` also what the assistant has thought about.
    """
    number = col(Message.telegram_message_id)
    ours = select(func.max(number), func.max(col(Message.id))).where(
        col(Message.lead_id) == lead.id, col(Message.direction) == "out", col(Message.state) == "sent"
    )
    last, last_row = (await session.exec(ours)).one()
    await session.exec(
        update(Message)
        .where(
            col(Message.lead_id) == lead.id,
            col(Message.direction) == "in",
            col(Message.state) == "handled",
            *([] if understood else [col(Message.intent).is_(None)]),
            # A request from the site has no number of Telegram's.
            or_(number > (last or 0), number.is_(None) & (col(Message.id) > (last_row or 0))),
        )
        .values(state="received", intent=None)
        .execution_options(synchronize_session=False)
    )
    waits = exists().where(col(Message.lead_id) == lead.id, col(Message.state) == "received")
    return bool((await session.exec(select(waits))).one())


async def _is_queued(session: AsyncSession, lead: Lead) -> bool:
    queued = exists().where(col(Message.lead_id) == lead.id, col(Message.state) == "queued")
    return bool((await session.exec(select(queued))).one())
