"""What the api looks for is found by indexes: PostgreSQL's plans among thousands of leads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from api.queries import personal_data
from api.queries.filters import DeliveryFilters, LeadFilters
from api.queries.pagination import make_cursor
from api.routers import drafts
from benchmarks.query_plans import plans
from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.conftest import Postgres
from tests.support.query_plans import fill, read_whole
from tests.support.rows import NOW, add_account

LONG_AGO = {"created_from": NOW - timedelta(days=9), "created_to": NOW - timedelta(days=8)}


def leads(**filters: Any) -> Callable[[AsyncSession], Awaitable[Any]]:  # noqa: ANN401
    """What lists leads."""
    return lambda session: session.exec(LeadFilters(**filters).query(region="RU", is_postgres=True))


def deliveries(**filters: Any) -> Callable[[AsyncSession], Awaitable[Any]]:  # noqa: ANN401
    """What lists deliveries."""
    return lambda session: session.exec(DeliveryFilters(**filters).query())


async def _erase(session: AsyncSession) -> None:
    lead = await session.get_one(Lead, 17)
    await personal_data.erase(session, await personal_data.leads_of_person(session, lead))


async def _export(session: AsyncSession) -> None:
    await personal_data.export(session, await session.get_one(Lead, 17), NOW)


# By what each asks, and the index without which it would read all that is newer first.
QUERIES: dict[str, tuple[Callable[[AsyncSession], Awaitable[Any]], str]] = {
    "all": (leads(), "pk_leads"),
    "deep in": (leads(cursor=make_cursor(9000)), "pk_leads"),
    "of statuses that nobody had then": (
        leads(status=[LeadStatus.PENDING, LeadStatus.ENGAGED], cursor=make_cursor(9000)),
        "ix_leads_status_id",
    ),
    "of a day long ago": (leads(**LONG_AGO), "ix_leads_created_at"),
    "of a day long ago, deep in": (
        leads(**LONG_AGO, cursor=make_cursor(9000, NOW - timedelta(days=8.5))),
        "ix_leads_created_at",
    ),
    "until a day long ago": (leads(created_to=LONG_AGO["created_to"]), "ix_leads_created_at"),
    "deliveries of a day long ago": (
        deliveries(received_from=LONG_AGO["created_from"], received_to=LONG_AGO["created_to"]),
        "ix_webhook_deliveries_received_at",
    ),
    "deliveries that brought nothing": (
        deliveries(outcome=["refused", "probe"]),
        "ix_webhook_deliveries_outcome_id",
    ),
    "drafts": (drafts.waiting, "ix_messages_drafts"),
    "a person erased": (_erase, "ix_leads_lower_username"),
    "a person given out": (_export, "ix_telegram_people_account_id_phone_e164"),
}


@pytest.fixture
async def server(postgres: Postgres) -> AsyncIterator[Database]:
    """A PostgreSQL, which has plans to tell."""
    database = Database(postgres.create())
    yield database
    await database.close()


async def test_no_whole_table_is_read(server: Database) -> None:
    await fill(server, {"account": await add_account(server), "now": NOW})
    for name, (ask, index) in QUERIES.items():
        plan = await plans(server, ask)
        assert not read_whole(plan), (name, plan)
        assert index in plan, (name, plan)
