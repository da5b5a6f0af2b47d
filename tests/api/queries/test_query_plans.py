"""The API's queries use indexes: checked with PostgreSQL's plans on thousands of leads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from api.intake.store import store
from api.intake.submission import Delivery, KeyedSubmission, Submission
from api.queries import personal_data
from api.queries.filters import DeliveryFilters, LeadFilters
from api.queries.pagination import make_cursor
from api.routers import drafts
from benchmarks.harness.query_plans import explain
from shared.contacts import Contact
from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.conftest import Postgres
from tests.support.query_plans import fill, read_whole
from tests.support.rows import NOW, add_account

LONG_AGO = {"created_from": NOW - timedelta(days=9), "created_to": NOW - timedelta(days=8)}


def leads(**filters: Any) -> Callable[[AsyncSession], Awaitable[Any]]:  # noqa: ANN401
    """Return the query of GET /leads."""
    return lambda session: session.exec(LeadFilters(**filters).query(region="RU", is_postgres=True))


def deliveries(**filters: Any) -> Callable[[AsyncSession], Awaitable[Any]]:  # noqa: ANN401
    """Return the query of GET /deliveries."""
    return lambda session: session.exec(DeliveryFilters(**filters).query())


async def _erase(session: AsyncSession) -> None:
    lead = await session.get_one(Lead, 17)
    await personal_data.erase(session, await personal_data.leads_of_person(session, lead))


async def _export(session: AsyncSession) -> None:
    await personal_data.export(session, await session.get_one(Lead, 17), NOW)


# Each query, and the index without which it would first read all newer rows.
async def _store(session: AsyncSession) -> None:
    delivery = Delivery("tilda", NOW, None, "Name=", "utf-8")
    arrival = KeyedSubmission(Submission("Анна", Contact(None, "anna_k"), "tilda", "1:2"), NOW, delivery)
    connection = await session.connection()
    await connection.run_sync(store, [arrival], timedelta(minutes=2))


QUERIES: dict[str, tuple[Callable[[AsyncSession], Awaitable[Any]], str]] = {
    "all": (leads(), "pk_leads"),
    "a later page": (leads(cursor=make_cursor(9000)), "pk_leads"),
    "statuses that are rare on this page": (
        leads(status=[LeadStatus.PENDING, LeadStatus.ENGAGED], cursor=make_cursor(9000)),
        "ix_leads_status_id",
    ),
    "an old day": (leads(**LONG_AGO), "ix_leads_created_at"),
    "a later page of an old day": (
        leads(**LONG_AGO, cursor=make_cursor(9000, NOW - timedelta(days=8.5))),
        "ix_leads_created_at",
    ),
    "until an old day": (leads(created_to=LONG_AGO["created_to"]), "ix_leads_created_at"),
    "deliveries of an old day": (
        deliveries(received_from=LONG_AGO["created_from"], received_to=LONG_AGO["created_to"]),
        "ix_webhook_deliveries_received_at",
    ),
    "deliveries without a lead": (
        deliveries(outcome=["refused", "probe"]),
        "ix_webhook_deliveries_outcome_id",
    ),
    "a submission stored": (_store, "uq_leads_source_source_key"),
    "drafts": (drafts.load_drafts, "ix_messages_drafts"),
    "erase a person": (_erase, "ix_leads_lower_username"),
    "export a person": (_export, "ix_telegram_people_account_id_phone_e164"),
}


@pytest.fixture
async def server(postgres: Postgres) -> AsyncIterator[Database]:
    """A PostgreSQL database: the plans are specific to it."""
    database = Database(postgres.create())
    yield database
    await database.close()


async def test_no_table_is_read_completely(server: Database) -> None:
    await fill(server, {"account": await add_account(server), "now": NOW})
    for name, (run, index) in QUERIES.items():
        plan = await explain(server, run)
        assert not read_whole(plan), (name, plan)
        assert index in plan, (name, plan)
