"""The queries of what people wrote: stored once however often Telegram tells it, answered after a quiet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import BigInteger, UpdateBase, bindparam, case, exists, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns, dialect_insert
from shared.database.models import LEADS, MESSAGES, Lead, Message
from shared.leads import handoff
from shared.statuses import OPEN, REPLIED_TO, Intent, LeadStatus
from worker.domain.telegram_port import Incoming, Outgoing
from worker.messaging import outbox

# Somebody who never stops writing is answered after this many quiets all the same.
MAX_DEBOUNCES = 6


async def receive(
    session: AsyncSession, account_id: int, incoming: Incoming, *, now: datetime, debounce: timedelta
) -> Lead | None:
    """Store a message and make its lead due; gives the lead, or None if it is a stranger's or a repeat."""
    if incoming.edited:
        await _edit(session, account_id, incoming)
        return None
    lead = await lead_of_sender(session, account_id, incoming.user_id)
    if lead is None:
        return None
    # A human has taken over: what is said here is theirs to answer.
    state = "handled" if lead.status is LeadStatus.HANDED_OFF else "received"
    heard = {"direction": "in", "kind": "reply", "state": state}
    if not await _store(session, lead, account_id, incoming, now=now, **heard):
        return None
    if lead.status in REPLIED_TO:
        await schedule_reply(session, lead, now=now, debounce=debounce)
    return lead


async def lead_of_sender(session: AsyncSession, account_id: int, user_id: int) -> Lead | None:
    """The lead a person's message belongs to: their open conversation, or else the latest."""
    found = await session.exec(_WHOSE, params={"account": account_id, "user": user_id})
    return found.one_or_none()


_WHOSE = (
    select(Lead)
    .where(
        col(Lead.account_id) == bindparam("account", type_=BigInteger()),
        col(Lead.telegram_user_id) == bindparam("user", type_=BigInteger()),
    )
    .order_by(case((col(Lead.status).in_(OPEN), 0), else_=1), col(Lead.id).desc())
    .limit(1)
    # Its status decides whether it becomes due: a delivery being recorded may just be changing that.
    .with_for_update()
)


async def handle_all(session: AsyncSession, meant: Mapping[int, Intent | None]) -> None:
    """Mark messages as understood, each with what it was taken to mean."""
    await _HANDLED.run(session, meant.items())


# A form says nothing about the offer of a call: it gets no intent.
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
    """Keep what was heard in a message, unless it was answered, edited or taken back meanwhile."""
    await session.exec(
        update(Message)
        .where(
            col(Message.id) == message_id,
            col(Message.state) == "received",
            col(Message.text) == before,
        )
        .values(text=text)
        .execution_options(synchronize_session=False)
    )


async def mark_handled_for_human(session: AsyncSession, lead_id: int) -> int:
    """Keep what is unanswered for a human to read; gives how many messages there were."""
    left = await session.exec(
        update(Message)
        .where(col(Message.lead_id) == lead_id, col(Message.state) == "received")
        .values(state="handled")
        .execution_options(synchronize_session=False)
    )
    return left.rowcount


async def unanswered_of(session: AsyncSession, lead_ids: Collection[int]) -> Mapping[int, set[int]]:
    """The ids of the unanswered messages of each of these leads that has any."""
    unanswered: dict[int, set[int]] = {}
    for lead_id, message_id in await session.exec(_UNANSWERED, params={"leads": list(lead_ids)}):
        unanswered.setdefault(lead_id, set()).add(message_id or 0)
    return unanswered


_UNANSWERED = select(Message.lead_id, Message.id).where(
    col(Message.lead_id).in_(bindparam("leads", expanding=True)), col(Message.state) == "received"
)


async def debounce_ends_at(session: AsyncSession, lead_id: int, *, debounce: timedelta) -> datetime | None:
    """When a lead's unanswered messages will have been followed by enough quiet; None if there are none."""
    row = await session.exec(_SPAN, params={"lead": lead_id})
    first, last = row.one()
    return None if first is None or last is None else quiet(first, last, debounce=debounce)


_LEAD = bindparam("lead", type_=BigInteger())
_SPAN = select(func.min(col(Message.created_at)), func.max(col(Message.created_at))).where(
    col(Message.lead_id) == _LEAD, col(Message.state) == "received"
)


def quiet(first: datetime, last: datetime, *, debounce: timedelta) -> datetime:
    """When messages that came between these moments will have been followed by enough quiet."""
    return min(last + debounce, first + MAX_DEBOUNCES * debounce)


@dataclass(frozen=True)
class CatchUpChat:
    """A lead whose person may write; Telegram's ids of our first message and of the newest that we have."""

    lead: Lead
    first_sent: int
    newest: int


async def conversations(
    session: AsyncSession, account_id: int, user_ids: Collection[int], *, since: datetime
) -> Sequence[CatchUpChat]:
    """The running conversations of an account with these people that were touched from `since` on.

    Before our first message there is nothing of a conversation, and perhaps much of another.
    """
    sent = case((col(Message.direction) == "out", col(Message.telegram_message_id)))
    first_sent, newest = func.min(sent), func.max(col(Message.telegram_message_id))
    rows = await session.exec(
        select(Lead, first_sent, newest)
        .join(Message, col(Message.lead_id) == col(Lead.id))
        .where(
            col(Lead.account_id) == account_id,
            col(Lead.status).in_(REPLIED_TO | {LeadStatus.RESOLVED, LeadStatus.HANDED_OFF}),
            col(Lead.telegram_user_id).in_(user_ids),
            col(Lead.updated_at) >= since,
        )
        .group_by(col(Lead.id))
        .having(first_sent.is_not(None))
    )
    return [CatchUpChat(lead, first or 0, last or 0) for lead, first, last in rows]


async def store_typed(
    session: AsyncSession, lead: Lead, account_id: int, outgoing: Outgoing, *, now: datetime
) -> bool:
    """Store what a human typed in a person's chat; says whether it is new."""
    typed = {"direction": "out", "kind": "human", "state": "sent"}
    return await _store(session, lead, account_id, outgoing, now=now, **typed)


async def _store(
    session: AsyncSession,
    lead: Lead,
    account_id: int,
    said: Incoming | Outgoing,
    *,
    now: datetime,
    **what: str,
) -> bool:
    values = {
        "lead": lead.id,
        "account": account_id,
        "said": said.text,
        "number": said.message_id,
        "now": now,
        "said_at": said.sent_at,
        **{f"what_{name}": value for name, value in what.items()},
    }
    stored = await session.exec(_storing(session.get_bind().dialect.name), params=values)
    return stored.first() is not None


@cache
def _storing(dialect: str) -> UpdateBase:
    return (
        dialect_insert(dialect, MESSAGES)
        .values(
            lead_id=bindparam("lead"),
            account_id=bindparam("account"),
            text=bindparam("said"),
            telegram_message_id=bindparam("number"),
            created_at=bindparam("now"),
            sent_at=bindparam("said_at"),
            **{name: bindparam(f"what_{name}") for name in ("direction", "kind", "state")},
        )
        .on_conflict_do_nothing(index_elements=["account_id", "telegram_message_id"])
        .returning(MESSAGES.c.id)
    )


async def mark_deleted(session: AsyncSession, account_id: int, numbers: Collection[int]) -> None:
    """What a person takes back before it was answered is not answered; it stays in the transcript."""
    await session.exec(
        update(Message)
        .where(
            col(Message.account_id) == account_id,
            col(Message.telegram_message_id).in_(numbers),
            col(Message.state) == "received",
        )
        .values(state="deleted")
        .execution_options(synchronize_session=False)
    )


async def _edit(session: AsyncSession, account_id: int, incoming: Incoming) -> None:
    """What was not answered yet is answered as it reads now; what was, and what we never had, stays."""
    await session.exec(
        update(Message)
        .where(
            col(Message.account_id) == account_id,
            col(Message.telegram_message_id) == incoming.message_id,
            col(Message.state) == "received",
        )
        .values(text=incoming.text)
        .execution_options(synchronize_session=False)
    )


async def schedule_reply(session: AsyncSession, lead: Lead, *, now: datetime, debounce: timedelta) -> None:
    """Let a lead be answered after the quiet."""
    # A draft that nobody has approved yet is written anew, on all words together.
    if await outbox.cancel_drafts(session, lead.id):
        await handoff.reopen_unanswered(session, lead, include_classified=True)
    due = await debounce_ends_at(session, lead.id, debounce=debounce) or now
    await session.exec(_MADE_DUE, params={"lead": lead.id, "due": due, "now": now})


# What is still to be sent has its own time, perhaps one that Telegram set: it is not brought forward.
_MADE_DUE = (
    update(LEADS)
    .where(LEADS.c.id == _LEAD, ~exists().where(MESSAGES.c.lead_id == _LEAD, MESSAGES.c.state == "queued"))
    .values(due_at=bindparam("due"), updated_at=bindparam("now"), follow_up_at=None)
)
