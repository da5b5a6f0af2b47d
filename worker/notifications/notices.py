"""The queries of what the owner is told: what there is to tell, and the messages it goes in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, cast, exists, func, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, LeadEvent, Message, OwnerNotice, TelegramAccount
from shared.leads.message_ids import new_random_id
from shared.statuses import LeadStatus

# The mark of the first day: what was before it is history.
BEGAN = "began"
LOOK_BACK = timedelta(days=1)
# Events are numbered before they are committed: one may turn up behind those that were seen.
LATE = 1_000
_TOLD = (LeadStatus.SCHEDULED, LeadStatus.HANDED_OFF)
_OPEN = ("waiting", "sending")
_LOST = ("needs_login", "banned")


async def begin(session: AsyncSession, *, now: datetime) -> datetime:
    """Since when the owner is told; the first call of all sets it."""
    await add(session, BEGAN, "", now=now, state="sent")
    rows = await session.exec(select(OwnerNotice.created_at).where(col(OwnerNotice.key) == BEGAN))
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
    """Something to tell, unless it was told already."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fields = {"key": key, "text": text, "account_id": account_id, "lead_id": lead_id, "state": state}
    await session.exec(
        insert(OwnerNotice).values(created_at=now, **fields).on_conflict_do_nothing(index_elements=["key"])
    )


async def unreported_events(
    session: AsyncSession, account_id: int, *, since: datetime, now: datetime
) -> Sequence[tuple[LeadEvent, Lead]]:
    """Events of this account's leads, or of nobody's, that the owner does not know of yet."""
    # Asked for by itself: of a number that it does not know PostgreSQL thinks a third of all may be above.
    newest = (await session.exec(select(func.max(LeadEvent.id)))).one() or 0
    key = literal("event:").concat(cast(LeadEvent.id, String))
    rows = await session.exec(
        select(LeadEvent, Lead)
        .join(Lead, col(Lead.id) == col(LeadEvent.lead_id))
        .where(
            col(LeadEvent.id) > newest - LATE,
            col(LeadEvent.to_status).in_(_TOLD),
            # What a human of ours did needs no telling, nor that somebody has asked twice.
            col(LeadEvent.actor).not_in(("owner", "human", "api")),
            col(Lead.duplicate_of).is_(None),
            col(LeadEvent.at) >= max(since, now - LOOK_BACK),
            or_(col(Lead.account_id).is_(None), col(Lead.account_id) == account_id),
            ~exists().where(col(OwnerNotice.key) == key),
        )
        .order_by(col(LeadEvent.id))
    )
    return rows.all()


async def accounts_in_trouble(session: AsyncSession, account_id: int) -> Sequence[TelegramAccount]:
    """Accounts that cannot be used as usual; a lost one is told of by the others."""
    rows = await session.exec(select(TelegramAccount).where(col(TelegramAccount.state) != "active"))
    return [row for row in rows if row.id != account_id or row.state not in _LOST]


async def unanswered_for_want_of_a_model(
    session: AsyncSession, account_id: int, *, before: datetime
) -> str | None:
    """Why somebody who wrote before then has no answer, if it is the model's fault."""
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


async def figures(session: AsyncSession, *, start: datetime, end: datetime) -> dict[str, int]:
    """A day's leads and agreements, and who waits now."""
    event = select(func.count(func.distinct(col(LeadEvent.lead_id)))).where(
        col(LeadEvent.at) >= start, col(LeadEvent.at) < end, col(LeadEvent.to_status) == LeadStatus.SCHEDULED
    )
    leads = select(func.count()).where(col(Lead.created_at) >= start, col(Lead.created_at) < end)
    taken = select(func.count()).where(col(Lead.status) == LeadStatus.HANDED_OFF)
    unanswered = select(func.count(func.distinct(col(Message.lead_id)))).where(
        col(Message.state) == "received"
    )
    counts = {"leads": leads, "scheduled": event, "taken": taken, "unanswered": unanswered}
    return {name: (await session.exec(query)).one() for name, query in counts.items()}


async def is_open(session: AsyncSession) -> bool:
    """Whether anything is still to be sent, by whomever."""
    rows = await session.exec(select(OwnerNotice.id).where(col(OwnerNotice.state).in_(_OPEN)).limit(1))
    return rows.first() is not None


async def bundle(
    session: AsyncSession, account_id: int, *, now: datetime, after: timedelta, most_an_hour: int
) -> None:
    """Give what waits one identity, once the first of it has waited for `after` and the hour has room."""
    lost = select(TelegramAccount.id).where(col(TelegramAccount.state).in_(_LOST))
    mine = or_(
        col(OwnerNotice.account_id).is_(None),
        col(OwnerNotice.account_id) == account_id,
        col(OwnerNotice.account_id).in_(lost),
    )
    waiting = (col(OwnerNotice.state) == "waiting", mine)
    first = (await session.exec(select(func.min(OwnerNotice.created_at)).where(*waiting))).one()
    if first is None or first > now - after:
        return
    under_way = and_(col(OwnerNotice.state) == "sending", col(OwnerNotice.account_id) == account_id)
    lately = select(func.count(func.distinct(col(OwnerNotice.random_id)))).where(
        or_(col(OwnerNotice.sent_at) > now - timedelta(hours=1), under_way)
    )
    if (await session.exec(lately)).one() >= most_an_hour:
        return
    await session.exec(
        update(OwnerNotice)
        .where(*waiting)
        .values(state="sending", random_id=new_random_id(), account_id=account_id)
        .execution_options(synchronize_session=False)
    )


async def outgoing(session: AsyncSession, account_id: int, *, now: datetime) -> dict[int, list[str]]:
    """Messages as lines, by their identities; one that was begun stays as it is however often it is tried."""
    rows = await session.exec(
        select(OwnerNotice)
        .where(
            col(OwnerNotice.state) == "sending",
            col(OwnerNotice.account_id) == account_id,
            or_(col(OwnerNotice.due_at).is_(None), col(OwnerNotice.due_at) <= now),
        )
        .order_by(col(OwnerNotice.id))
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row.random_id or 0, []).append(row.text)
    return found


async def record_sent(session: AsyncSession, random_id: int, *, now: datetime) -> None:
    """The owner has it; it may tell of people, so that it is not kept here."""
    await _change(session, random_id, state="sent", sent_at=now, text="", error=None)


async def record_failed(session: AsyncSession, random_id: int, reason: str) -> None:
    """It will never reach the owner."""
    await _change(session, random_id, state="failed", text="", error=reason)


async def put_off(session: AsyncSession, random_id: int, reason: str, *, until: datetime) -> None:
    """Not before then."""
    await _change(session, random_id, due_at=until, error=reason)


async def _change(session: AsyncSession, random_id: int, **values: object) -> None:
    await session.exec(
        update(OwnerNotice)
        .where(col(OwnerNotice.random_id) == random_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
