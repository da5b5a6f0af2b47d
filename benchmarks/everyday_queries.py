"""What the product asks of its database all the time, or when somebody asks it, by its own functions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.queries import personal_data
from api.queries.filters import DeliveryFilters, LeadFilters
from api.queries.pagination import make_cursor
from api.routers import drafts
from shared.database.engine import Database
from shared.database.models import Lead
from worker.domain.outreach_policy import Limits
from worker.messaging import inbox, outbox
from worker.monitoring import status_report
from worker.notifications import notices
from worker.outreach import new_leads, peer_cache, reassignment
from worker.queue import leases
from worker.queue.leases import ClaimRequest, WorkerId

LIMIT = 32
LEASE = timedelta(minutes=1)
NO_LIMITS = Limits(timedelta(), 10**6, timedelta())
ME = WorkerId(1, "bench")


@dataclass(frozen=True)
class Place:
    """Where in a filled database it is looked: a person of the middle, whose account is ours; their day."""

    now: datetime
    lead: Lead

    @property
    def deep(self) -> str:
        """The cursor of a page in the middle."""
        return make_cursor(self.lead.id or 0)

    @property
    def day(self) -> dict[str, Any]:
        """The day on which the person came."""
        return {
            "created_from": self.lead.created_at - timedelta(days=1),
            "created_to": self.lead.created_at,
        }


async def place(database: Database, leads: int) -> Place:
    """One in the middle of so many."""
    wanted = (
        select(Lead)
        .where(
            col(Lead.id) > leads // 2,
            col(Lead.account_id) == ME.account_id,
            col(Lead.phone_e164).is_not(None),
            col(Lead.username).is_not(None),
        )
        .order_by(col(Lead.id))
        .limit(1)
    )
    async with database.reading() as session:
        return Place(datetime.now(UTC), (await session.exec(wanted)).one())


Look = Callable[[AsyncSession, Place], Awaitable[Any]]


def _leads(filters: Callable[[Place], Mapping[str, Any]]) -> Look:
    async def look(session: AsyncSession, at: Place) -> Any:  # noqa: ANN401
        query = LeadFilters(**filters(at)).query(region="RU", is_postgres=True)
        return (await session.exec(query)).all()

    return look


def _deliveries(filters: Callable[[Place], Mapping[str, Any]]) -> Look:
    async def look(session: AsyncSession, at: Place) -> Any:  # noqa: ANN401
        return (await session.exec(DeliveryFilters(**filters(at)).query())).all()

    return look


def _view(query: str) -> Look:
    async def look(session: AsyncSession, at: Place) -> Any:  # noqa: ANN401
        return (await (await session.connection()).execute(text(query), {"id": at.lead.id})).all()

    return look


async def _claim_new(session: AsyncSession, at: Place) -> None:
    due = await new_leads.load_due_summary(session, ME, now=at.now)
    await new_leads.claim(session, ClaimRequest(ME, at.now, LEASE), NO_LIMITS, due, limit=LIMIT)


async def _erase(session: AsyncSession, at: Place) -> None:
    await personal_data.erase(session, await personal_data.leads_of_person(session, at.lead))


POLLS: Mapping[str, Look] = {
    "claim of running conversations": lambda s, at: leases.claim(
        s, ClaimRequest(ME, at.now, LEASE), limit=LIMIT
    ),
    "claim of new leads": _claim_new,
    "poll with nothing due": lambda s, at: new_leads.load_due_summary(
        s, ME, now=at.now - timedelta(days=40_000)
    ),
    "inbox: quiet after a reply": lambda s, at: inbox.debounce_ends_at(s, at.lead.id or 0, debounce=LEASE),
    "inbox: conversations to look through": lambda s, at: inbox.conversations(
        s, 1, [(at.lead.telegram_user_id or 0) + 12 * n for n in range(40)], since=at.now - timedelta(days=30)
    ),
    "outbox: transcripts": lambda s, at: outbox.transcripts(s, [(at.lead.id or 0) + n for n in range(LIMIT)]),
    "backlog": lambda s, at: leases.load_backlog(s, 1, now=at.now),
    "leases taken over": lambda s, at: leases.expire_previous_leases(s, ME, now=at.now),
    "leases given back": lambda s, _: leases.release_unacknowledged(s, ME, [1]),
    "an account is back": lambda s, _: reassignment.clear_stranded_marks(s, 1),
    "address book": lambda s, _: peer_cache.contacts(s, 1),
    "news for the owner": lambda s, at: notices.unreported_events(
        s, 1, since=at.now - timedelta(days=1), now=at.now
    ),
    "a day's figures": lambda s, at: notices.figures(s, start=at.now - timedelta(days=1), end=at.now),
}
LISTS: Mapping[str, Look] = {
    "GET /leads": _leads(lambda _: {}),
    "GET /leads, deep in": _leads(lambda at: {"cursor": at.deep}),
    "… status=failed, deep in": _leads(lambda at: {"status": ["failed"], "cursor": at.deep}),
    "… two statuses that nobody had then": _leads(
        lambda at: {"status": ["pending", "engaged"], "cursor": at.deep}
    ),
    "… of a day long ago": _leads(lambda at: at.day),
    "… until long ago": _leads(lambda at: {"created_to": at.lead.created_at}),
    "… failed, of a day long ago": _leads(lambda at: {"status": ["failed"], **at.day}),
    "… q= a whole phone": _leads(lambda at: {"q": at.lead.phone_e164}),
    "… q= a username": _leads(lambda at: {"q": at.lead.username}),
    "… q= a name that many have": _leads(lambda _: {"q": "Анна"}),
    "… q= a name that nobody has": _leads(lambda _: {"q": "Зюзюкин"}),
    "… q= a part of a phone": _leads(lambda at: {"q": (at.lead.phone or "")[3:9]}),
    "GET /deliveries": _deliveries(lambda _: {}),
    "… refused ones": _deliveries(lambda _: {"outcome": ["refused", "probe"]}),
    "… deliveries of a day long ago": _deliveries(
        lambda at: {"received_from": at.day["created_from"], "received_to": at.day["created_to"]}
    ),
    "GET /drafts": lambda s, _: drafts.waiting(s),
    "lead_overview, one lead": _view("SELECT * FROM lead_overview WHERE id = :id"),
    "lead_overview, the newest twenty": _view("SELECT * FROM lead_overview ORDER BY id DESC LIMIT 20"),
    "account_overview": _view("SELECT * FROM account_overview"),
}
PEOPLE: Mapping[str, Look] = {
    "a person's leads": lambda s, at: personal_data.leads_of_person(s, at.lead),
    "a person given out": lambda s, at: personal_data.export(s, at.lead, at.now),
    "a person erased": _erase,
}
# These count every lead, if by an index alone: they are not held to be flat.
COUNTS: Mapping[str, Look] = {"python -m worker status": lambda s, at: status_report.count(s, now=at.now)}
LOOKS: Mapping[str, Look] = {**POLLS, **LISTS, **PEOPLE, **COUNTS}
