"""The inbox: stores every message of a contact once, and schedules the reply after the debounce."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import BigInteger, UpdateBase, bindparam, case, exists, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns, dialect_insert
from shared.database.models import LEADS, MESSAGES, Lead, Message
from shared.intents import Intent
from shared.leads import handoff, plans
from shared.statuses import GIVEN_UP, NOT_GREETED, OPEN, REPLIED_TO, LeadStatus
from worker.domain.telegram_port import Incoming, Outgoing
from worker.messaging import edits, outbox, sender_matching

# A contact who keeps writing gets an answer after this many debounce intervals at the latest.
MAX_DEBOUNCES = 6
_IDS_AT_ONCE = 500


async def receive(
    session: AsyncSession, account_id: int, incoming: Incoming, *, now: datetime, debounce: timedelta
) -> Lead | None:
    """Store a message and schedule the reply; returns the lead.

    A sender without a lead may be the person of a waiting lead (worker.messaging.sender_matching).
    Returns None for a stranger, for a message that is already stored, and for an edit without new words.
    """
    lead = await lead_of_sender(session, account_id, incoming.user_id)
    if incoming.edited:
        if lead is None or not await edits.store(session, lead, account_id, incoming, now=now):
            return None
        await answer_soon(session, lead, now=now, debounce=debounce)
        return lead
    if (
        lead is None
        and (lead := await sender_matching.match_sender(session, account_id, incoming, now=now)) is None
    ):
        return None
    # A human has taken over and answers this message.
    is_for_human = lead.status is LeadStatus.HANDED_OFF
    state = "handled" if is_for_human or not incoming.needs_answer else "received"
    columns = {"direction": "in", "kind": "reply", "state": state}
    if not await _store(session, lead, account_id, incoming, now=now, **columns):
        return None
    if incoming.needs_answer:
        await answer_soon(session, lead, now=now, debounce=debounce)
    return lead


async def answer_soon(session: AsyncSession, lead: Lead, *, now: datetime, debounce: timedelta) -> None:
    """Have the assistant answer what the person of this lead has just said, unless a human has the lead."""
    if await sender_matching.is_being_written_to(session, lead):
        due = await debounce_ends_at(session, lead.id, debounce=debounce) or now
        await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(due_at=due))
        return
    await sender_matching.reopen_conversation(session, lead, now=now)
    if lead.status in REPLIED_TO:
        await schedule_reply(session, lead, now=now, debounce=debounce)


async def lead_of_sender(session: AsyncSession, account_id: int, user_id: int) -> Lead | None:
    """Find and lock the lead of messages from this Telegram user.

    An open one comes first, then one that a human has, then the newest.
    """
    found = await session.exec(_LEAD_OF_SENDER, params={"account": account_id, "user": user_id})
    return found.one_or_none()


_LEAD_OF_SENDER = (
    select(Lead)
    .where(
        col(Lead.account_id) == bindparam("account", type_=BigInteger()),
        col(Lead.telegram_user_id) == bindparam("user", type_=BigInteger()),
    )
    .order_by(
        case((col(Lead.status).in_(OPEN), 0), (col(Lead.status) == LeadStatus.HANDED_OFF, 1), else_=2),
        col(Lead.id).desc(),
    )
    .limit(1)
    # The status decides whether the lead becomes due, and a settlement may be changing the status right now.
    .with_for_update()
)


async def mark_all_handled(session: AsyncSession, intents: Mapping[int, Intent | None]) -> None:
    """Mark messages as handled; `intents` maps message ids to the intent that each message had."""
    await _HANDLED.run(session, intents.items())


# A later form (kind `request`) does not answer the offer of a call: it gets no intent.
_HANDLED = BulkStatement(
    MESSAGES,
    columns("id", "intent"),
    lambda rows, _: (
        update(MESSAGES)
        .where(MESSAGES.c.id == rows.c.id, MESSAGES.c.state == "received")
        .values(state="handled", intent=case((MESSAGES.c.kind == "reply", rows.c.intent), else_=None))
    ),
)


async def transcribe(session: AsyncSession, message_id: int, before: str, text: str) -> None:
    """Store the transcript of a voice message, unless it was answered, edited or deleted meanwhile."""
    await session.exec(
        update(MESSAGES)
        .where(
            MESSAGES.c.id == message_id,
            MESSAGES.c.state == "received",
            MESSAGES.c.text == before,
        )
        .values(text=text)
    )


async def mark_handled_for_human(session: AsyncSession, lead_id: int) -> int:
    """Mark the unanswered messages as handled, for a human to read; returns how many there were."""
    left = await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.lead_id == lead_id, MESSAGES.c.state == "received")
        .values(state="handled")
    )
    return left.rowcount


async def unanswered_of(session: AsyncSession, lead_ids: Collection[int]) -> Mapping[int, set[int]]:
    """Return the ids of unanswered messages by lead id; leads without any are left out."""
    unanswered: dict[int, set[int]] = {}
    for lead_id, message_id in await session.exec(_UNANSWERED, params={"leads": list(lead_ids)}):
        unanswered.setdefault(lead_id, set()).add(message_id or 0)
    return unanswered


_UNANSWERED = select(Message.lead_id, Message.id).where(
    col(Message.lead_id).in_(bindparam("leads", expanding=True)), col(Message.state) == "received"
)


async def debounce_ends_at(session: AsyncSession, lead_id: int, *, debounce: timedelta) -> datetime | None:
    """Return when the reply to a lead's unanswered messages is due; None if there are none."""
    row = await session.exec(_SPAN, params={"lead": lead_id})
    first, last = row.one()
    return None if first is None or last is None else debounce_end(first, last, debounce=debounce)


_LEAD = bindparam("lead", type_=BigInteger())
_SPAN = select(func.min(col(Message.created_at)), func.max(col(Message.created_at))).where(
    col(Message.lead_id) == _LEAD, col(Message.state) == "received"
)


def debounce_end(first: datetime, last: datetime, *, debounce: timedelta) -> datetime:
    """Return when the debounce ends for unanswered messages; `first` and `last`: when these arrived."""
    return min(last + debounce, first + MAX_DEBOUNCES * debounce)


@dataclass(frozen=True)
class CatchUpChat:
    """A chat whose missed messages can be read from Telegram.

    `first_sent` is Telegram's id of the account's first message (0: it has sent none), `newest` of the newest
    stored message.
    """

    lead: Lead
    first_sent: int
    newest: int


async def load_catch_up_chats(
    session: AsyncSession, account_id: int, user_ids: Collection[int], *, since: datetime
) -> Sequence[CatchUpChat]:
    """Load the account's conversations with these Telegram users that changed at or after `since` (UTC).

    A lead without any message is included only if no account has talked with the person about it yet:
    otherwise the chat may hold messages of another conversation.
    """
    sent = case((col(Message.direction) == "out", col(Message.telegram_message_id)))
    first_sent, newest = func.min(sent), func.max(col(Message.telegram_message_id))
    rows = await session.exec(
        select(Lead, first_sent, newest)
        .outerjoin(Message, col(Message.lead_id) == col(Lead.id))
        .where(
            col(Lead.account_id) == account_id,
            col(Lead.telegram_user_id).in_(user_ids),
            col(Lead.updated_at) >= since,
        )
        .group_by(col(Lead.id))
        .having(newest.is_not(None) | col(Lead.status).in_(NOT_GREETED | GIVEN_UP))
    )
    return [CatchUpChat(lead, first or 0, last or 0) for lead, first, last in rows]


async def store_human_message(
    session: AsyncSession, lead: Lead, account_id: int, outgoing: Outgoing, *, now: datetime
) -> bool:
    """Store a message that a human wrote to the contact; returns True if it was not stored yet."""
    columns = {"direction": "out", "kind": "human", "state": "sent"}
    return await _store(session, lead, account_id, outgoing, now=now, **columns)


async def _store(
    session: AsyncSession,
    lead: Lead,
    account_id: int,
    message: Incoming | Outgoing,
    *,
    now: datetime,
    **columns: str,
) -> bool:
    values = {
        "lead": lead.id,
        "account": account_id,
        "text": message.text,
        "telegram_id": message.message_id,
        "now": now,
        "sent_at": message.sent_at,
        **{f"column_{name}": value for name, value in columns.items()},
    }
    stored = await session.exec(_insert_once(session.get_bind().dialect.name), params=values)
    return stored.first() is not None


@cache
def _insert_once(dialect: str) -> UpdateBase:
    return (
        dialect_insert(dialect, MESSAGES)
        .values(
            lead_id=bindparam("lead"),
            account_id=bindparam("account"),
            text=bindparam("text"),
            telegram_message_id=bindparam("telegram_id"),
            created_at=bindparam("now"),
            sent_at=bindparam("sent_at"),
            **{name: bindparam(f"column_{name}") for name in ("direction", "kind", "state")},
        )
        .on_conflict_do_nothing(index_elements=["account_id", "telegram_message_id"])
        .returning(MESSAGES.c.id)
    )


async def mark_deleted(session: AsyncSession, account_id: int, telegram_message_ids: Collection[int]) -> None:
    """Mark unanswered messages that the contact deleted: they get no answer. Their rows are kept."""
    edited = await edits.find_edits_of(session, account_id, telegram_message_ids)
    own = [MESSAGES.c.account_id == account_id, MESSAGES.c.state == "received"]
    for column, ids in ((MESSAGES.c.telegram_message_id, telegram_message_ids), (MESSAGES.c.id, edited)):
        wanted = list(ids)
        for at in range(0, len(wanted), _IDS_AT_ONCE):
            is_meant = column.in_(wanted[at : at + _IDS_AT_ONCE])
            await session.exec(update(MESSAGES).where(*own, is_meant).values(state="deleted"))


async def schedule_reply(session: AsyncSession, lead: Lead, *, now: datetime, debounce: timedelta) -> None:
    """Make the lead due at the end of the debounce."""
    # An unapproved draft is cancelled: the next one answers all messages together.
    if cancelled := await outbox.cancel_drafts(session, lead.id):
        await plans.cancel_drafted(session, lead.id, cancelled, now=now)
        await handoff.reopen_unanswered(session, lead, include_classified=True)
    due = await debounce_ends_at(session, lead.id, debounce=debounce) or now
    if lead.follow_up_at is not None:
        await end_follow_ups(session, lead.id, now=now)
    await session.exec(_SCHEDULED, params={"lead": lead.id, "due": due, "now": now})


async def end_follow_ups(session: AsyncSession, lead_id: int, *, now: datetime) -> None:
    """Cancel what was to be written without an answer: the person has written. Reminders stay."""
    reason = plans.PERSON_WROTE
    await plans.cancel(session, lead_id, kinds=plans.FOLLOW_UPS, reason=reason, actor="person", now=now)
    await plans.refresh(session, lead_id, now=now, wake=False)


# A queued message has its own due time, which Telegram may have set: the lead is not made due earlier.
_SCHEDULED = (
    update(LEADS)
    .where(LEADS.c.id == _LEAD, ~exists().where(MESSAGES.c.lead_id == _LEAD, MESSAGES.c.state == "queued"))
    .values(due_at=bindparam("due"), updated_at=bindparam("now"))
)


async def strangers_among(session: AsyncSession, account_id: int, user_ids: Sequence[int]) -> Sequence[int]:
    """Return those of these Telegram users who have no lead with this account."""
    found = await session.exec(
        select(Lead.telegram_user_id).where(
            col(Lead.account_id) == account_id, col(Lead.telegram_user_id).in_(user_ids)
        )
    )
    known = set(found)
    return [user_id for user_id in user_ids if user_id not in known]
