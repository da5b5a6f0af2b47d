"""Handoff: a human takes a conversation over, writes in it, and returns it to the assistant."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, func, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import LEADS, MESSAGES, Lead, LeadEvent, Message
from shared.errors import LeadAssistantError
from shared.leads import plans
from shared.leads.handoff_summary import summarize
from shared.leads.message_ids import new_random_id
from shared.leads.transitions import change_status
from shared.statuses import OPEN, LeadStatus, may_become

# A returned conversation gets one of these back; after any other status it is `engaged`.
_RESTORED: Final = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED, LeadStatus.REJECTED})


class HandoffError(LeadAssistantError):
    """The conversation cannot change hands; the text tells the operator why. Nothing is written."""


async def lock(session: AsyncSession, lead_id: int) -> Lead | None:
    """Return the current row of the lead, locked until the transaction ends; None if it does not exist."""
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
    """Hand the conversation to a human and cancel the assistant's drafts and queued messages.

    `lead` must be locked. At `returns_at` the assistant takes the conversation back; None means never. If a
    human has it already, only `returns_at` changes. Raises HandoffError if the lead has no conversation.
    """
    if lead.status is LeadStatus.HANDED_OFF:
        await _set_return_time(session, lead, returns_at)
        return
    if not may_become(lead.status, LeadStatus.HANDED_OFF):
        raise HandoffError(f"the lead is {lead.status}: there is no conversation to take over")
    transcript = await session.exec(
        select(Message).where(col(Message.lead_id) == lead.id).order_by(col(Message.id))
    )
    summary = summarize(lead, transcript.all(), reason)
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
    # Also what is planned about a meeting: the human has the conversation now.
    await plans.cancel(session, lead.id, reason=plans.TAKEN_OVER, actor=actor, now=now)
    await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.lead_id == lead.id, MESSAGES.c.state.in_(("draft", "queued")))
        .values(state="cancelled", error=reason)
    )
    await session.refresh(lead)


async def return_to_assistant(
    session: AsyncSession, lead: Lead, *, reason: str, actor: str, now: datetime
) -> LeadStatus:
    """Return the conversation to the assistant; the lead is due now if the person waits for an answer.

    `lead` must be locked. Returns the new status. Raises HandoffError if no human has the lead, if its
    Telegram user is unknown, or if another lead of the same person is open.
    """
    if lead.status is not LeadStatus.HANDED_OFF:
        raise HandoffError(f"the lead is {lead.status}: no human has it")
    if lead.telegram_user_id is None:
        raise HandoffError("nobody was found in Telegram for this lead before it was taken over")
    target = await _restored_status(session, lead, now)
    if target in OPEN and (other := await _other_open_lead(session, lead)) is not None:
        raise HandoffError(f"the same person's conversation is open as lead {other}")
    is_waiting = await reopen_unanswered(session, lead)
    # Messages that the handoff cancelled are out of date: as `failed` they are never requeued. Drafts have no
    # random_id and stay cancelled, since they are never requeued either.
    await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.lead_id == lead.id, MESSAGES.c.state == "cancelled")
        .where(MESSAGES.c.random_id.is_not(None))
        .values(state="failed")
    )
    due = {"due_at": now if is_waiting or await _has_queued(session, lead) else None, "returns_at": None}
    await change_status(
        session, lead, target, reason=reason, actor=actor, now=now, handoff_summary=None, **due
    )
    await session.refresh(lead)
    return target


async def queue_human_message(
    session: AsyncSession, lead: Lead, text: str, *, key: str, now: datetime
) -> Message:
    """Queue a human's message for the worker to send at once; earlier messages of the person are answered.

    `key` is unique among all messages. Raises HandoffError if the lead's Telegram user is unknown.
    """
    if lead.account_id is None or lead.telegram_user_id is None:
        raise HandoffError("nobody has been found in Telegram for this lead yet")
    message = Message(
        lead_id=lead.id,
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
    await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(due_at=now, updated_at=now))
    return message


async def mark_answered(session: AsyncSession, lead: Lead, *, before: int | None = None) -> None:
    """Mark the person's unanswered messages as answered by a human, and their open question.

    `before` is a Telegram message id: only messages with smaller ids are marked, and reactions, which have
    none.
    """
    is_reaction = MESSAGES.c.telegram_message_id.is_(None) & (MESSAGES.c.kind == "reply")
    until = [] if before is None else [is_reaction | (MESSAGES.c.telegram_message_id < before)]
    await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.lead_id == lead.id, MESSAGES.c.state == "received", *until)
        .values(state="handled")
    )
    await session.exec(
        update(LEADS)
        .where(LEADS.c.id == lead.id, LEADS.c.open_question.is_not(None))
        .values(open_question=None)
    )


async def _set_return_time(session: AsyncSession, lead: Lead, returns_at: datetime | None) -> None:
    # A queued message has set its own due time.
    due = {} if await _has_queued(session, lead) else {"due_at": returns_at}
    await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(returns_at=returns_at, **due))
    await session.refresh(lead)


async def _restored_status(session: AsyncSession, lead: Lead, now: datetime) -> LeadStatus:
    """Return the status before the last handoff if it may be restored, else `engaged`.

    A lead whose meeting is still to come is booked, also if the human has agreed on it.
    """
    if lead.meeting_at is not None and lead.meeting_at > now:
        return LeadStatus.BOOKED
    found = await session.exec(
        select(LeadEvent.from_status)
        .where(col(LeadEvent.lead_id) == lead.id, col(LeadEvent.to_status) == LeadStatus.HANDED_OFF)
        .order_by(col(LeadEvent.id).desc())
        .limit(1)
    )
    before = LeadStatus(found.first() or LeadStatus.ENGAGED)
    return before if before in _RESTORED else LeadStatus.ENGAGED


async def _other_open_lead(session: AsyncSession, lead: Lead) -> int | None:
    found = await session.exec(
        select(Lead.id).where(
            col(Lead.account_id) == lead.account_id,
            col(Lead.telegram_user_id) == lead.telegram_user_id,
            col(Lead.status).in_(OPEN),
        )
    )
    return found.first()


async def reopen_unanswered(session: AsyncSession, lead: Lead, *, include_classified: bool = False) -> bool:
    """Make the person's messages after our last sent message unanswered again.

    These are the messages that a human was to answer; with `include_classified` also those whose intent the
    assistant has already determined. Returns True if the lead now has unanswered messages.
    """
    last_sent = select(func.max(Message.telegram_message_id), func.max(Message.id)).where(
        col(Message.lead_id) == lead.id, col(Message.direction) == "out", col(Message.state) == "sent"
    )
    telegram_id, row_id = (await session.exec(last_sent)).one()
    await session.exec(
        update(MESSAGES)
        .where(
            MESSAGES.c.lead_id == lead.id,
            MESSAGES.c.direction == "in",
            MESSAGES.c.state == "handled",
            *([] if include_classified else [MESSAGES.c.intent.is_(None)]),
            # A form's request has no Telegram message id: it is compared by row id.
            or_(
                MESSAGES.c.telegram_message_id > (telegram_id or 0),
                MESSAGES.c.telegram_message_id.is_(None) & (MESSAGES.c.id > (row_id or 0)),
            ),
        )
        .values(state="received", intent=None)
    )
    unanswered = exists().where(col(Message.lead_id) == lead.id, col(Message.state) == "received")
    return bool((await session.exec(select(unanswered))).one())


async def _has_queued(session: AsyncSession, lead: Lead) -> bool:
    queued = exists().where(col(Message.lead_id) == lead.id, col(Message.state) == "queued")
    return bool((await session.exec(select(queued))).one())
