"""The product's own queries: those that it runs all the time, and those of API requests and reports."""

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
from worker.domain.sending_limits import Limits
from worker.messaging import inbox, outbox
from worker.monitoring import status_report
from worker.notifications import notices
from worker.outreach import new_leads, peer_cache, reassignment
from worker.queue import backlog, leases
from worker.queue.leases import ClaimRequest, WorkerId

LIMIT = 32
LEASE = timedelta(minutes=1)
NO_LIMITS = Limits(timedelta(), 10**6, timedelta())
WORKER = WorkerId(1, "bench")


@dataclass(frozen=True)
class QueryTarget:
    """The lead that the queries ask for: one in the middle of the table, of the worker's account."""

    now: datetime
    lead: Lead

    @property
    def cursor(self) -> str:
        """The cursor of a page in the middle of all leads."""
        return make_cursor(self.lead.id)

    @property
    def day(self) -> dict[str, Any]:
        """Filters for the day on which the lead was created."""
        return {
            "created_from": self.lead.created_at - timedelta(days=1),
            "created_to": self.lead.created_at,
        }


async def find_target(database: Database, leads: int) -> QueryTarget:
    """Return a target in the middle of a table of `leads` leads."""
    wanted = (
        select(Lead)
        .where(
            col(Lead.id) > leads // 2,
            col(Lead.account_id) == WORKER.account_id,
            col(Lead.phone_e164).is_not(None),
            col(Lead.username).is_not(None),
        )
        .order_by(col(Lead.id))
        .limit(1)
    )
    async with database.reading() as session:
        return QueryTarget(datetime.now(UTC), (await session.exec(wanted)).one())


Query = Callable[[AsyncSession, QueryTarget], Awaitable[Any]]


def _leads(filters: Callable[[QueryTarget], Mapping[str, Any]]) -> Query:
    async def query(session: AsyncSession, target: QueryTarget) -> Any:  # noqa: ANN401
        statement = LeadFilters(**filters(target)).query(region="RU", is_postgres=True)
        return (await session.exec(statement)).all()

    return query


def _deliveries(filters: Callable[[QueryTarget], Mapping[str, Any]]) -> Query:
    async def query(session: AsyncSession, target: QueryTarget) -> Any:  # noqa: ANN401
        return (await session.exec(DeliveryFilters(**filters(target)).query())).all()

    return query


def _view(statement: str) -> Query:
    async def query(session: AsyncSession, target: QueryTarget) -> Any:  # noqa: ANN401
        return (await (await session.connection()).execute(text(statement), {"id": target.lead.id})).all()

    return query


async def _claim_new(session: AsyncSession, target: QueryTarget) -> None:
    due = await new_leads.load_due_summary(session, WORKER, now=target.now)
    await new_leads.claim(session, ClaimRequest(WORKER, target.now, LEASE), NO_LIMITS, due, limit=LIMIT)


async def _erase(session: AsyncSession, target: QueryTarget) -> None:
    await personal_data.erase(session, await personal_data.leads_of_person(session, target.lead))


POLLS: Mapping[str, Query] = {
    "claim of running conversations": lambda s, target: leases.claim(
        s, ClaimRequest(WORKER, target.now, LEASE), limit=LIMIT
    ),
    "claim of new leads": _claim_new,
    "poll with nothing due": lambda s, target: new_leads.load_due_summary(
        s, WORKER, now=target.now - timedelta(days=40_000)
    ),
    "inbox: quiet after a reply": lambda s, target: inbox.debounce_ends_at(s, target.lead.id, debounce=LEASE),
    "inbox: conversations to look through": lambda s, target: inbox.load_catch_up_chats(
        s,
        1,
        [(target.lead.telegram_user_id or 0) + 12 * n for n in range(40)],
        since=target.now - timedelta(days=30),
    ),
    "outbox: transcripts": lambda s, target: outbox.transcripts(
        s, [target.lead.id + n for n in range(LIMIT)]
    ),
    "backlog": lambda s, target: backlog.load_backlog(s, 1, now=target.now),
    "leases taken over": lambda s, target: leases.expire_previous_leases(s, WORKER, now=target.now),
    "leases given back": lambda s, _: leases.release_unacknowledged(s, WORKER, [1]),
    "an account is back": lambda s, _: reassignment.clear_stranded_marks(s, 1),
    "address book": lambda s, _: peer_cache.load_imported_contacts(s, 1),
    "news for the owner": lambda s, target: notices.unreported_events(
        s, 1, since=target.now - timedelta(days=1), now=target.now
    ),
    "a day's figures": lambda s, target: notices.load_daily_figures(
        s, start=target.now - timedelta(days=1), end=target.now
    ),
}
LISTS: Mapping[str, Query] = {
    "GET /leads": _leads(lambda _: {}),
    "GET /leads, deep in": _leads(lambda target: {"cursor": target.cursor}),
    "… status=failed, deep in": _leads(lambda target: {"status": ["failed"], "cursor": target.cursor}),
    "… two statuses of no lead then": _leads(
        lambda target: {"status": ["pending", "engaged"], "cursor": target.cursor}
    ),
    "… of a day long ago": _leads(lambda target: target.day),
    "… until long ago": _leads(lambda target: {"created_to": target.lead.created_at}),
    "… failed, of a day long ago": _leads(lambda target: {"status": ["failed"], **target.day}),
    "… q= a whole phone": _leads(lambda target: {"q": target.lead.phone_e164}),
    "… q= a username": _leads(lambda target: {"q": target.lead.username}),
    "… q= a name that many have": _leads(lambda _: {"q": "Анна"}),
    "… q= an unknown name": _leads(lambda _: {"q": "Зюзюкин"}),
    "… q= a part of a phone": _leads(lambda target: {"q": (target.lead.phone or "")[3:9]}),
    "GET /deliveries": _deliveries(lambda _: {}),
    "… refused ones": _deliveries(lambda _: {"outcome": ["refused", "probe"]}),
    "… deliveries of a day long ago": _deliveries(
        lambda target: {"received_from": target.day["created_from"], "received_to": target.day["created_to"]}
    ),
    "GET /drafts": lambda s, _: drafts.load_drafts(s),
    "lead_overview, one lead": _view("SELECT * FROM lead_overview WHERE id = :id"),
    "lead_overview, the newest twenty": _view("SELECT * FROM lead_overview ORDER BY id DESC LIMIT 20"),
    "account_overview": _view("SELECT * FROM account_overview"),
}
PEOPLE: Mapping[str, Query] = {
    "a person's leads": lambda s, target: personal_data.leads_of_person(s, target.lead),
    "a person given out": lambda s, target: personal_data.export(s, target.lead, target.now),
    "a person erased": _erase,
}
# These count all leads, by an index alone: their time may grow with the table.
COUNTS: Mapping[str, Query] = {
    "python -m worker status": lambda s, target: status_report.read_status(s, now=target.now)
}
QUERIES: Mapping[str, Query] = {**POLLS, **LISTS, **PEOPLE, **COUNTS}
