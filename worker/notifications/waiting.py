"""Notices about people who wait: drafts without a decision, the day's limit, a worker that is away."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, Message, TelegramAccount
from shared.statuses import LeadStatus
from shared.translations import Language
from worker.domain.wait_reasons import NO_CAPACITY
from worker.notifications import texts

DRAFT_IS_LATE_AFTER = timedelta(hours=1)
# A worker that restarts, or loses its connection for a moment, is not away.
AWAY_AFTER = timedelta(minutes=15)
_MAX_DRAFTS = 50
_MAX_WORDS = 80


async def draft_notices(
    session: AsyncSession, account_id: int, language: Language, *, since: datetime, now: datetime
) -> Sequence[tuple[str, str, int]]:
    """Return key, text and lead id for each draft of the account: at once, and again after an hour."""
    rows = await session.exec(
        select(Message, Lead)
        .join(Lead, col(Lead.id) == col(Message.lead_id))
        .where(
            col(Message.state) == "draft",
            col(Message.created_at) >= since,
            or_(col(Lead.account_id).is_(None), col(Lead.account_id) == account_id),
        )
        .order_by(col(Message.id).desc())
        .limit(_MAX_DRAFTS)
    )
    found: list[tuple[str, str, int]] = []
    for message, lead in reversed(rows.all()):
        is_late = message.created_at <= now - DRAFT_IS_LATE_AFTER
        key = f"draft:{message.id}:late" if is_late else f"draft:{message.id}"
        template = "draft_late" if is_late else "draft"
        words = " ".join(message.text.split())
        words = words if len(words) <= _MAX_WORDS else f"{words[: _MAX_WORDS - 1]}…"
        found.append(
            (key, texts.render_line(language, template, lead=lead.id, name=lead.name, words=words), lead.id)
        )
    return found


async def limit_notice(
    session: AsyncSession,
    language: Language,
    *,
    full_limit: int,
    warmup_days: int,
    zone: tzinfo,
    now: datetime,
) -> dict[str, str]:
    """Return the day's notice that people wait for the limit of first messages; nothing if none does."""
    counted = await session.exec(
        select(func.count(), func.min(col(Lead.created_at))).where(*_waits_for_capacity(now))
    )
    count, oldest = counted.one()
    if not count:
        return {}
    rows = await session.exec(
        select(TelegramAccount).where(col(TelegramAccount.state).in_(("active", "limited")))
    )
    accounts = rows.all()
    limit = sum(account.outreach_limit or 0 for account in accounts)
    newest = max((account.created_at for account in accounts), default=now)
    days_left = max(0, warmup_days - (now - newest).days - 1)
    since = f"{oldest.astimezone(zone):%d.%m %H:%M}"
    full = full_limit * max(1, len(accounts))
    template = "waiting" if days_left and limit < full else "waiting_full"
    text = texts.render_long(
        language, template, count=count, limit=limit, full=full, days=days_left, since=since
    )
    return {f"waiting:{now.astimezone(zone):%Y-%m-%d}": text}


async def away_notices(
    session: AsyncSession, account_id: int, language: Language, *, zone: tzinfo, now: datetime
) -> dict[str, str]:
    """Return a notice for each other account whose worker has ended although people wait for it."""
    rows = await session.exec(
        select(TelegramAccount, func.count(col(Lead.id)))
        .join(Lead, col(Lead.account_id) == col(TelegramAccount.id))
        .where(
            col(TelegramAccount.id) != account_id,
            col(TelegramAccount.state).in_(("active", "limited")),
            or_(
                col(TelegramAccount.held_until) < now - AWAY_AFTER,
                col(TelegramAccount.held_until).is_(None)
                & (col(TelegramAccount.updated_at) < now - AWAY_AFTER),
            ),
            col(Lead.due_at) < now - AWAY_AFTER,
        )
        .group_by(col(TelegramAccount.id))
    )
    lines = {}
    for account, count in rows.all():
        since = account.held_until or account.updated_at
        text = texts.render_line(
            language,
            "away_other",
            account=f"@{account.username}" if account.username else account.session_name,
            since=f"{since.astimezone(zone):%d.%m %H:%M}",
            count=count,
        )
        lines[f"away:{account.id}:{since:%Y-%m-%dT%H:%M}"] = text
    return lines


async def returned_notice(
    session: AsyncSession,
    account_id: int,
    language: Language,
    *,
    since: datetime,
    zone: tzinfo,
    now: datetime,
) -> tuple[str, str] | None:
    """Return key and text of the notice that this worker was away since then; None if not for long."""
    if now - since < AWAY_AFTER:
        return None
    leads = select(func.count()).where(col(Lead.created_at) >= since, col(Lead.created_at) < now)
    people = select(func.count(func.distinct(col(Message.lead_id)))).where(
        col(Message.direction) == "in",
        col(Message.created_at) >= since,
        col(Message.account_id) == account_id,
    )
    minutes = round((now - since).total_seconds() / 60)
    text = texts.render_line(
        language,
        "away",
        hours=minutes // 60,
        minutes=minutes % 60,
        since=f"{since.astimezone(zone):%d.%m %H:%M}",
        leads=(await session.exec(leads)).one(),
        people=(await session.exec(people)).one(),
    )
    return f"returned:{account_id}:{since:%Y-%m-%dT%H:%M}", text


async def count_waiting(session: AsyncSession, *, now: datetime) -> int:
    """Count the people who wait for the limit of first messages."""
    return (await session.exec(select(func.count()).where(*_waits_for_capacity(now)))).one()


def _waits_for_capacity(now: datetime) -> list[ColumnElement[bool]]:
    return [
        col(Lead.status) == LeadStatus.PENDING,
        col(Lead.due_at) > now,
        col(Lead.last_error) == NO_CAPACITY,
    ]
