"""The figures of the owner's summaries: what else happened yesterday, and the figures of a week."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, LeadEvent, Message, WebhookDelivery
from shared.statuses import LeadStatus
from shared.translations import Language
from worker.notifications import texts, waiting

_MAX_SOURCES, _MAX_SOURCE = 5, 30
# A week of a busy site has some thousand leads; more than this is sampled by the newest.
_MAX_TIMES = 20_000


async def load_further_figures(
    session: AsyncSession, *, start: datetime, end: datetime, now: datetime
) -> dict[str, int]:
    """Count what went wrong in [start, end), and what waits now."""
    refused = select(func.count()).where(
        col(WebhookDelivery.outcome) == "refused",
        col(WebhookDelivery.received_at) >= start,
        col(WebhookDelivery.received_at) < end,
    )
    drafts = select(func.count()).where(col(Message.state) == "draft")
    return {
        "unreachable": await _count_events(session, [LeadStatus.UNREACHABLE], start, end),
        "failed": await _count_events(session, [LeadStatus.FAILED], start, end),
        "refused": (await session.exec(refused)).one(),
        "drafts": (await session.exec(drafts)).one(),
        "waiting": await waiting.count_waiting(session, now=now),
    }


async def render_week(session: AsyncSession, language: Language, *, start: datetime, end: datetime) -> str:
    """Return the line with the figures of the leads of [start, end)."""
    leads = select(func.count()).where(col(Lead.created_at) >= start, col(Lead.created_at) < end)
    answered = select(func.count(func.distinct(col(Message.lead_id)))).where(
        col(Message.direction) == "in",
        col(Message.kind) == "reply",
        col(Message.created_at) >= start,
        col(Message.created_at) < end,
    )
    times = await _times_to_first_message(session, start, end)
    return texts.render_long(
        language,
        "week",
        start=f"{start:%d.%m}",
        end=f"{end - timedelta(days=1):%d.%m}",
        forms=(await session.exec(leads)).one(),
        contacted=await _count_events(session, [LeadStatus.CONTACTED], start, end),
        answered=(await session.exec(answered)).one(),
        agreed=await _count_events(session, [LeadStatus.SCHEDULED], start, end),
        p50=texts.duration(language, quantile(times, 0.5)),
        p95=texts.duration(language, quantile(times, 0.95)),
        sources=await _sources(session, language, start, end),
    )


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least this share of the sorted values does not exceed."""
    if not values:
        return None
    return values[max(0, math.ceil(len(values) * share) - 1)]


async def _count_events(
    session: AsyncSession, statuses: Sequence[LeadStatus], start: datetime, end: datetime
) -> int:
    query = select(func.count(func.distinct(col(LeadEvent.lead_id)))).where(
        col(LeadEvent.at) >= start, col(LeadEvent.at) < end, col(LeadEvent.to_status).in_(statuses)
    )
    return (await session.exec(query)).one()


async def _times_to_first_message(session: AsyncSession, start: datetime, end: datetime) -> list[float]:
    """Return the seconds from each form to its first message, sorted."""
    rows = await session.exec(
        select(col(Lead.created_at), func.min(col(Message.sent_at)))
        .join(Message, col(Message.lead_id) == col(Lead.id))
        .where(
            col(Lead.created_at) >= start,
            col(Lead.created_at) < end,
            col(Message.kind) == "greeting",
            col(Message.sent_at).is_not(None),
        )
        .group_by(col(Lead.id))
        .order_by(col(Lead.id).desc())
        .limit(_MAX_TIMES)
    )
    return sorted(max(0.0, (sent - created).total_seconds()) for created, sent in rows.all() if sent)


async def _sources(session: AsyncSession, language: Language, start: datetime, end: datetime) -> str:
    """Return the most frequent values of `utm_source` with their numbers."""
    rows = await session.exec(
        select(col(Lead.extra))
        .where(col(Lead.created_at) >= start, col(Lead.created_at) < end)
        .order_by(col(Lead.id).desc())
        .limit(_MAX_TIMES)
    )
    counts = Counter(_utm_source(extra) for extra in rows)
    unnamed = texts.render_line(language, "no_sources")
    named = [f"{name[:_MAX_SOURCE] or unnamed} {number}" for name, number in counts.most_common(_MAX_SOURCES)]
    return ", ".join(named) or "—"


def _utm_source(extra: Mapping[str, Any] | None) -> str:
    fields = {str(key).strip().lower(): value for key, value in (extra or {}).items()}
    return " ".join(str(fields.get("utm_source") or "").split())
