"""The outbox: a message is stored with its random_id, then sent, then recorded as sent."""

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

_NO_MODEL_COLUMNS: dict[str, Any] = dict.fromkeys(
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
    session: AsyncSession,
    messages: Sequence[tuple[Lead, QueueMessage]],
    *,
    now: datetime,
    draft: bool = False,
) -> None:
    """Store messages to be sent, each with its random_id: Telegram delivers a random_id only once.

    A draft waits for a human's approval and gets its random_id then.
    """
    await insert_all(
        session, MESSAGES, [_row(lead, message, now=now, draft=draft) for lead, message in messages]
    )


def _row(lead: Lead, message: QueueMessage, *, now: datetime, draft: bool) -> dict[str, Any]:
    return {
        "lead_id": lead.id,
        "account_id": lead.account_id,
        "direction": "out",
        "kind": message.kind,
        "text": message.text,
        "key": message.key,
        "random_id": None if draft else new_random_id(),
        "state": "draft" if draft else "queued",
        "intent": message.intent,
        "next_status": message.next_status,
        "next_reason": message.reason,
        "created_at": now,
        **_NO_MODEL_COLUMNS,
        **model_columns(message.source),
    }


def model_columns(source: Greeting | Verdict | None) -> dict[str, Any]:
    """Return the columns that record the model's answer and its usage; empty without a model."""
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
    """Return all messages of these leads by lead id, oldest first, in every state."""
    messages: dict[int, list[Message]] = {lead_id: [] for lead_id in lead_ids}
    for message in await session.exec(_TRANSCRIPTS, params={"leads": list(lead_ids)}):
        messages[message.lead_id].append(message)
    return messages


_TRANSCRIPTS = (
    select(Message)
    .where(col(Message.lead_id).in_(bindparam("leads", expanding=True)))
    .order_by(col(Message.id))
)


@dataclass(frozen=True)
class SentMessage:
    """The fields of a message, just recorded as sent, that decide the next status of its lead."""

    kind: str
    next_status: LeadStatus | None
    next_reason: str | None
    key: str | None = None


async def record_all_sent(session: AsyncSession, delivered: Sequence[Delivered]) -> Mapping[int, SentMessage]:
    """Record messages as sent; returns them by message id. A message that was erased is left out."""
    rows = ((one.message_id, one.telegram_message_id, one.sent_at) for one in delivered)
    sent = await _SENT.run(session, rows)
    return {row.id: SentMessage(row.kind, row.next_status, row.next_reason, row.key) for row in sent}


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
        .returning(
            *(MESSAGES.c.id, MESSAGES.c.kind, MESSAGES.c.next_status, MESSAGES.c.next_reason, MESSAGES.c.key)
        )
    ),
)


# When the first and the last message of a group were created.
Span = tuple[datetime, datetime]


async def waiting_of(session: AsyncSession, lead_ids: Collection[int]) -> Mapping[int, Mapping[str, Span]]:
    """Return the spans of queued, draft and received messages: by lead id, then by state."""
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
    """Record that a message cannot be delivered, and why; returns False if this was recorded before."""
    failed = await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.id == message_id, MESSAGES.c.state != "failed")
        .values(state="failed", error=reason)
    )
    return failed.rowcount > 0


async def cancel_queued(session: AsyncSession, lead_id: int, reason: str) -> int:
    """Cancel the drafts and queued messages of a lead; returns how many there were."""
    cancelled = await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.lead_id == lead_id, MESSAGES.c.state.in_(("draft", "queued")))
        .values(state="cancelled", error=reason)
    )
    return cancelled.rowcount


async def cancel_unreleased(session: AsyncSession, lead_id: int, reason: str) -> None:
    """Cancel a lead's drafts and queued messages, except those that Telegram may have already."""
    await session.exec(
        update(MESSAGES)
        .where(
            MESSAGES.c.lead_id == lead_id,
            MESSAGES.c.state.in_(("draft", "queued")),
            MESSAGES.c.released_at.is_(None),
        )
        .values(state="cancelled", error=reason)
    )


async def requeue(session: AsyncSession, lead_id: int, *, greeting: bool) -> bool:
    """Queue cancelled messages of a lead again under their old random_id: Telegram may have them already.

    `greeting`: True queues the greeting, False the messages after it. Returns True if any was queued.
    """
    kind = MESSAGES.c.kind
    requeued = await session.exec(
        update(MESSAGES)
        .where(
            MESSAGES.c.lead_id == lead_id,
            MESSAGES.c.state == "cancelled",
            MESSAGES.c.random_id.is_not(None),
            kind == "greeting" if greeting else kind != "greeting",
        )
        .values(state="queued", error=None)
    )
    return requeued.rowcount > 0


async def fail_cancelled(session: AsyncSession, lead_ids: Collection[int]) -> None:
    """Mark the cancelled messages of these leads as failed: they were meant for another person."""
    await session.exec(_FAILED_CANCELLED, params={"leads": list(lead_ids)})


_FAILED_CANCELLED = (
    update(MESSAGES)
    .where(
        MESSAGES.c.lead_id.in_(bindparam("leads", expanding=True)),
        MESSAGES.c.state == "cancelled",
        MESSAGES.c.random_id.is_not(None),
    )
    .values(state="failed")
)


async def mark_released(session: AsyncSession, message_ids: Collection[int | None], *, now: datetime) -> None:
    """Record that the rate limiter has released these first messages."""
    await session.exec(_RELEASED, params={"messages": list(message_ids), "now": now})


_RELEASED = (
    update(MESSAGES)
    .where(MESSAGES.c.id.in_(bindparam("messages", expanding=True)))
    .values(released_at=bindparam("now"))
)


async def queued_among(session: AsyncSession, message_ids: Collection[int]) -> Collection[int | None]:
    """Return the ids of those messages that are still queued."""
    return set(await session.exec(_QUEUED, params={"messages": list(message_ids)}))


_QUEUED = select(Message.id).where(
    col(Message.id).in_(bindparam("messages", expanding=True)), col(Message.state) == "queued"
)


async def cancel_drafts(session: AsyncSession, lead_id: int) -> Collection[str | None]:
    """Cancel the drafts of answers, since a new message arrived; returns their keys."""
    drafts = await session.exec(_CANCELLED_DRAFTS, params={"lead": lead_id})
    return drafts.scalars().all()


_CANCELLED_DRAFTS = (
    update(MESSAGES)
    .where(
        MESSAGES.c.lead_id == bindparam("lead"), MESSAGES.c.state == "draft", MESSAGES.c.kind != "greeting"
    )
    .values(state="cancelled", error="new words came before it was approved")
    .returning(MESSAGES.c.key)
)
