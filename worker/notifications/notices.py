"""Queries of the owner's notices: what is not reported yet, and the bundles that are sent as one message."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, update
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import (
    ACCOUNTS,
    OWNER_NOTICES,
    Lead,
    LeadEvent,
    Message,
    OwnerNotice,
    TelegramAccount,
)
from shared.leads.message_ids import new_random_id
from shared.leads.suppression_list import PERSON
from shared.statuses import GIVEN_UP, LeadStatus

# Key of the row that stores when notices were first enabled; earlier events are not reported.
START_KEY = "began"
MAX_EVENT_AGE = timedelta(days=1)
# Ids are assigned before the commit, so an event can appear behind a newer one: look at the last 1,000 ids.
LATE_COMMIT_WINDOW = 1_000
_REPORTED_STATUSES = (
    LeadStatus.SCHEDULED,
    LeadStatus.HANDED_OFF,
    LeadStatus.FAILED,
    LeadStatus.UNREACHABLE,
)
_UNSENT_STATES = ("waiting", "sending")
_HOUR = timedelta(hours=1)
_LOST_STATES = ("needs_login", "banned")


async def start_reporting(session: AsyncSession, *, now: datetime) -> datetime:
    """Return the time since which events are reported; the first call stores `now`."""
    await add(session, START_KEY, "", now=now, state="sent")
    rows = await session.exec(select(OwnerNotice.created_at).where(col(OwnerNotice.key) == START_KEY))
    return rows.one()


async def add(
    session: AsyncSession,
    key: str,
    text: str,
    *,
    now: datetime,
    account_id: int | None = None,
    lead_id: int | None = None,
    state: str = "waiting",
) -> None:
    """Add a notice, unless one with this key exists already."""
    fields = {"key": key, "text": text, "account_id": account_id, "lead_id": lead_id, "state": state}
    await session.exec(
        insert_for(session, OwnerNotice)
        .values(created_at=now, **fields)
        .on_conflict_do_nothing(index_elements=["key"])
    )


async def known_keys(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that have a notice."""
    if not keys:
        return set()
    return set(await session.exec(select(OwnerNotice.key).where(col(OwnerNotice.key).in_(keys))))


async def unreported_events(
    session: AsyncSession, account_id: int, *, since: datetime, now: datetime
) -> Sequence[tuple[LeadEvent, Lead]]:
    """Return events without a notice, of this account's leads and of leads without an account."""
    # A query of its own: for an unknown bound PostgreSQL's planner assumes that a third of all rows match.
    newest = (await session.exec(select(func.max(LeadEvent.id)))).one() or 0
    key = literal("event:").concat(cast(LeadEvent.id, String))
    rows = await session.exec(
        select(LeadEvent, Lead)
        .join(Lead, col(Lead.id) == col(LeadEvent.lead_id))
        .where(
            col(LeadEvent.id) > newest - LATE_COMMIT_WINDOW,
            or_(col(LeadEvent.to_status).in_(_REPORTED_STATUSES), _is_return()),
            # The owner's and operators' own actions are not reported, nor are repeat requests.
            col(LeadEvent.actor).not_in(("owner", "human", "api")),
            col(Lead.duplicate_of).is_(None),
            col(LeadEvent.at) >= max(since, now - MAX_EVENT_AGE),
            or_(col(Lead.account_id).is_(None), col(Lead.account_id) == account_id),
            ~exists().where(col(OwnerNotice.key) == key),
        )
        .order_by(col(LeadEvent.id))
    )
    return rows.all()


def is_return(event: LeadEvent) -> bool:
    """Return True if the person of a lead that was given up has written again."""
    return event.from_status in GIVEN_UP and event.actor == PERSON


def _is_return() -> ColumnElement[bool]:
    return and_(col(LeadEvent.from_status).in_(GIVEN_UP), col(LeadEvent.actor) == PERSON)


async def accounts_in_trouble(session: AsyncSession, account_id: int) -> Sequence[TelegramAccount]:
    """Return accounts that are not active. A lost account cannot report itself: other accounts report it."""
    rows = await session.exec(select(TelegramAccount).where(col(TelegramAccount.state) != "active"))
    return [row for row in rows if row.id != account_id or row.state not in _LOST_STATES]


async def model_failure_blocking_replies(
    session: AsyncSession, account_id: int, *, before: datetime
) -> str | None:
    """Return the model's error if it left a message from before `before` unanswered, else None."""
    rows = await session.exec(
        select(Lead.last_error)
        .join(Message, col(Message.lead_id) == col(Lead.id))
        .where(
            col(Message.account_id) == account_id,
            col(Message.state) == "received",
            col(Message.created_at) < before,
            col(Lead.last_error).startswith("the model", autoescape=True),
        )
        .limit(1)
    )
    return rows.first()


async def refusal_blocking_messages(
    session: AsyncSession, account_id: int, *, before: datetime
) -> str | None:
    """Return an unexplained refusal of Telegram that has held up a message or a look-up since `before`."""
    is_queued = exists().where(
        col(Message.lead_id) == col(Lead.id),
        col(Message.state) == "queued",
        col(Message.created_at) < before,
    )
    is_new = and_(col(Lead.status) == LeadStatus.PENDING, col(Lead.created_at) < before)
    rows = await session.exec(
        select(Lead.last_error)
        .where(
            or_(col(Lead.account_id).is_(None), col(Lead.account_id) == account_id),
            col(Lead.due_at).is_not(None),
            col(Lead.last_error).startswith("Telegram refused", autoescape=True),
            or_(is_queued, is_new),
        )
        .limit(1)
    )
    return rows.first()


async def load_daily_figures(session: AsyncSession, *, start: datetime, end: datetime) -> dict[str, int]:
    """Count leads and agreed calls of [start, end), and conversations that wait now."""
    scheduled = select(func.count(func.distinct(col(LeadEvent.lead_id)))).where(
        col(LeadEvent.at) >= start, col(LeadEvent.at) < end, col(LeadEvent.to_status) == LeadStatus.SCHEDULED
    )
    leads = select(func.count()).where(col(Lead.created_at) >= start, col(Lead.created_at) < end)
    taken = select(func.count()).where(col(Lead.status) == LeadStatus.HANDED_OFF)
    unanswered = select(func.count(func.distinct(col(Message.lead_id)))).where(
        col(Message.state) == "received"
    )
    counts = {"leads": leads, "scheduled": scheduled, "taken": taken, "unanswered": unanswered}
    return {name: (await session.exec(query)).one() for name, query in counts.items()}


async def has_unsent(session: AsyncSession) -> bool:
    """Return True if any account still has a notice to send."""
    rows = await session.exec(
        select(OwnerNotice.id).where(col(OwnerNotice.state).in_(_UNSENT_STATES)).limit(1)
    )
    return rows.first() is not None


async def bundle(
    session: AsyncSession, account_id: int, *, now: datetime, after: timedelta, max_per_hour: int
) -> None:
    """Turn waiting notices into one message: they all get the same `random_id`.

    Does nothing until the oldest has waited for `after`, or if `max_per_hour` is reached.
    """
    lost = select(ACCOUNTS.c.id).where(ACCOUNTS.c.state.in_(_LOST_STATES))
    owner_account = OWNER_NOTICES.c.account_id
    sendable = or_(owner_account.is_(None), owner_account == account_id, owner_account.in_(lost))
    waiting = (OWNER_NOTICES.c.state == "waiting", sendable)
    oldest = (await session.exec(select(func.min(OwnerNotice.created_at)).where(*waiting))).one()
    # A notice whose time lies further ahead was written by a wrong clock, and waits no longer than others.
    if oldest is None or now - after < oldest <= now + after:
        return
    in_progress = and_(col(OwnerNotice.state) == "sending", col(OwnerNotice.account_id) == account_id)
    recent = select(func.count(func.distinct(col(OwnerNotice.random_id)))).where(
        or_(col(OwnerNotice.sent_at).between(now - _HOUR, now + _HOUR), in_progress)
    )
    if (await session.exec(recent)).one() >= max_per_hour:
        return
    await session.exec(
        update(OWNER_NOTICES)
        .where(*waiting)
        .values(state="sending", random_id=new_random_id(), account_id=account_id)
    )


async def load_bundles(session: AsyncSession, account_id: int, *, now: datetime) -> dict[int, list[str]]:
    """Return the lines of each message to send now, by `random_id`. A retry sends exactly the same lines."""
    rows = await session.exec(
        select(OwnerNotice)
        .where(
            col(OwnerNotice.state) == "sending",
            col(OwnerNotice.account_id) == account_id,
            or_(col(OwnerNotice.due_at).is_(None), col(OwnerNotice.due_at) <= now),
        )
        .order_by(col(OwnerNotice.id))
    )
    bundles: dict[int, list[str]] = {}
    for row in rows:
        bundles.setdefault(row.random_id or 0, []).append(row.text)
    return bundles


async def record_sent(
    session: AsyncSession, random_id: int, message_id: int | None, *, now: datetime
) -> None:
    """Mark a bundle as sent, and clear its text: it may hold personal data. Its id is kept for replies."""
    await _update_bundle(
        session, random_id, state="sent", sent_at=now, text="", error=None, message_id=message_id
    )


async def record_failed(session: AsyncSession, random_id: int, reason: str) -> None:
    """Mark a bundle as undeliverable, and clear its text."""
    await _update_bundle(session, random_id, state="failed", text="", error=reason)


async def postpone(session: AsyncSession, random_id: int, reason: str, *, until: datetime) -> None:
    """Do not try a bundle again before `until`."""
    await _update_bundle(session, random_id, due_at=until, error=reason)


async def _update_bundle(session: AsyncSession, random_id: int, **values: object) -> None:
    await session.exec(update(OWNER_NOTICES).where(OWNER_NOTICES.c.random_id == random_id).values(values))
