"""The queries of what is to be said: an identity first, then the sending, then the record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns, insert_all
from shared.database.models import MESSAGES, Lead, Message
from shared.leads.message_ids import new_random_id
from shared.statuses import LeadStatus
from worker.domain.assistant_port import Greeting, Verdict
from worker.domain.outcomes import Delivered, QueueMessage

_NO_ACCOUNT: dict[str, Any] = dict.fromkeys(
    (
        "refused",
        "confidence",
        "facts",
        "model",
        "model_calls",
        "tokens_in",
        "tokens_cached",
        "tokens_out",
        "cost_usd",
        "latency_ms",
    )
)


async def enqueue_all(
    session: AsyncSession, says: Sequence[tuple[Lead, QueueMessage]], *, now: datetime, draft: bool = False
) -> None:
    """Store what will be sent to leads, each with the random_id by which Telegram knows the message for good.

    A draft waits for a human's approval, and gets its random_id with that.
    """
    await insert_all(session, MESSAGES, [_row(lead, say, now=now, draft=draft) for lead, say in says])


def _row(lead: Lead, say: QueueMessage, *, now: datetime, draft: bool) -> dict[str, Any]:
    return {
        "lead_id": lead.id,
        "account_id": lead.account_id,
        "direction": "out",
        "kind": say.kind,
        "text": say.text,
        "key": say.key,
        "random_id": None if draft else new_random_id(),
        "state": "draft" if draft else "queued",
        "intent": say.intent,
        "next_status": say.next_status,
        "next_reason": say.reason,
        "created_at": now,
        **_NO_ACCOUNT,
        **account_of(say.source),
    }


def account_of(source: Greeting | Verdict | None) -> dict[str, Any]:
    """The columns that tell how the model came to a message, and what that took."""
    if source is None:
        return {}
    columns: dict[str, Any] = {"refused": source.refused}
    if isinstance(source, Verdict):
        columns |= {"confidence": source.confidence, "facts": list(source.facts)}
    if (usage := source.usage) is not None:
        columns |= asdict(usage)
        columns["model_calls"] = columns.pop("calls")
    return columns


async def transcripts(session: AsyncSession, lead_ids: Collection[int]) -> Mapping[int, Sequence[Message]]:
    """Everything said and to be said to each of these leads, oldest first."""
    said: dict[int, list[Message]] = {lead_id: [] for lead_id in lead_ids}
    for message in await session.exec(_TRANSCRIPTS, params={"leads": list(lead_ids)}):
        said[message.lead_id].append(message)
    return said


_TRANSCRIPTS = (
    select(Message)
    .where(col(Message.lead_id).in_(bindparam("leads", expanding=True)))
    .order_by(col(Message.id))
)


@dataclass(frozen=True)
class Recorded:
    """What of a message, recorded as sent, says how its lead goes on."""

    kind: str
    next_status: LeadStatus | None
    next_reason: str | None


async def record_all_sent(session: AsyncSession, delivered: Sequence[Delivered]) -> Mapping[int, Recorded]:
    """Record that Telegram has these messages; returns them by their ids."""
    rows = ((told.message_id, told.telegram_message_id, told.sent_at) for told in delivered)
    sent = await _SENT.run(session, rows)
    return {row.id: Recorded(row.kind, row.next_status, row.next_reason) for row in sent}


_SENT = BulkStatement(
    MESSAGES,
    columns("id", "telegram_message_id", "sent_at"),
    lambda rows, _: (
        update(MESSAGES)
        .where(MESSAGES.c.id == rows.c.id)
        .values(
            state="sent",
            telegram_message_id=rows.c.telegram_message_id,
            sent_at=rows.c.sent_at,
            error=None,
        )
        .returning(MESSAGES.c.id, MESSAGES.c.kind, MESSAGES.c.next_status, MESSAGES.c.next_reason)
    ),
)


# When the first and the last of some messages came.
Span = tuple[datetime, datetime]


async def waiting_of(session: AsyncSession, lead_ids: Collection[int]) -> Mapping[int, Mapping[str, Span]]:
    """What of each lead is queued, a draft or unanswered: by state, when the first and the last came."""
    waiting: dict[int, dict[str, Span]] = {}
    for lead_id, state, first, last in await session.exec(_WAITING, params={"leads": list(lead_ids)}):
        waiting.setdefault(lead_id, {})[state] = first, last
    return waiting


_WAITING = (
    select(
        col(Message.lead_id),
        col(Message.state),
        func.min(col(Message.created_at)),
        func.max(col(Message.created_at)),
    )
    .where(
        col(Message.lead_id).in_(bindparam("leads", expanding=True)),
        col(Message.state).in_(("queued", "draft", "received")),
    )
    .group_by(col(Message.lead_id), col(Message.state))
)


async def record_failed(session: AsyncSession, message_id: int, reason: str) -> bool:
    """Record that the message will not be delivered, and why; returns whether this is new."""
    failed = await session.exec(
        update(Message)
        .where(col(Message.id) == message_id, col(Message.state) != "failed")
        .values(state="failed", error=reason)
        .execution_options(synchronize_session=False)
    )
    return failed.rowcount > 0


async def cancel_queued(session: AsyncSession, lead_id: int, reason: str) -> int:
    """Take back whatever was still to be said to a lead that is given up; gives how many messages."""
    cancelled = await session.exec(
        update(Message)
        .where(col(Message.lead_id) == lead_id, col(Message.state).in_(("draft", "queued")))
        .values(state="cancelled", error=reason)
        .execution_options(synchronize_session=False)
    )
    return cancelled.rowcount


async def requeue(session: AsyncSession, lead_id: int, *, greeting: bool) -> bool:
    """Say what was taken back when the lead was given up, under its old identity: it may have arrived.

    `greeting`: that, or else what came after it. Gives whether there was anything.
    """
    kind = col(Message.kind)
    requeued = await session.exec(
        update(Message)
        .where(
            col(Message.lead_id) == lead_id,
            col(Message.state) == "cancelled",
            col(Message.random_id).is_not(None),
            kind == "greeting" if greeting else kind != "greeting",
        )
        .values(state="queued", error=None)
        .execution_options(synchronize_session=False)
    )
    return requeued.rowcount > 0


async def fail_cancelled(session: AsyncSession, lead_ids: Collection[int]) -> None:
    """Give up cancelled messages of these leads: they were meant for somebody else."""
    await session.exec(_FORGOTTEN, params={"leads": list(lead_ids)})


_FORGOTTEN = (
    update(MESSAGES)
    .where(
        MESSAGES.c.lead_id.in_(bindparam("leads", expanding=True)),
        MESSAGES.c.state == "cancelled",
        MESSAGES.c.random_id.is_not(None),
    )
    .values(state="failed")
)


async def release(session: AsyncSession, message_ids: Collection[int | None], *, now: datetime) -> None:
    """Write down that pacing lets these first messages go."""
    await session.exec(_RELEASED, params={"messages": list(message_ids), "now": now})


_RELEASED = (
    update(MESSAGES)
    .where(MESSAGES.c.id.in_(bindparam("messages", expanding=True)))
    .values(released_at=bindparam("now"))
)


async def queued_among(session: AsyncSession, message_ids: Collection[int]) -> Collection[int | None]:
    """Which messages are still to be said."""
    return set(await session.exec(_QUEUED, params={"messages": list(message_ids)}))


_QUEUED = select(Message.id).where(
    col(Message.id).in_(bindparam("messages", expanding=True)), col(Message.state) == "queued"
)


async def cancel_drafts(session: AsyncSession, lead_id: int) -> bool:
    """Take back the drafts of answers, since there is more to answer; says whether there were any."""
    drafts = await session.exec(_UNDRAFTED, params={"lead": lead_id})
    return drafts.rowcount > 0


_UNDRAFTED = (
    update(MESSAGES)
    .where(
        MESSAGES.c.lead_id == bindparam("lead"), MESSAGES.c.state == "draft", MESSAGES.c.kind != "greeting"
    )
    .values(state="cancelled", error="new words came before it was approved")
)
