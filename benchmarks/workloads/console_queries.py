"""The queries of the console's inbox and of a lead's page, and their plans."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from api.queries import statistics
from api.queries.conversation import load_conversation
from api.queries.inbox import counts
from api.queries.inbox.filters import InboxFilters
from api.queries.inbox.rows import rows_of
from api.queries.inbox.search import Search
from api.queries.inbox.urgent import GIVEN_UP_SHOWN_FOR, urgent_leads
from benchmarks.harness.query_plans import explain
from shared.clock import utc_now
from shared.database.engine import Database

Query = Callable[[AsyncSession], Awaitable[Any]]
USER = 1


def _search(**filters: Any) -> Query:  # noqa: ANN401 - the filters of the inbox
    return lambda session: Search(session, InboxFilters(**filters), "RU").run()


def _queries(leads: int) -> Mapping[str, Query]:
    now = utc_now()
    return {
        "inbox: the list": _search(),
        "inbox: failed ones": _search(status=["failed"]),
        "inbox: of an account": _search(account_id=3),
        "inbox: an unknown source": _search(source="nowhere"),
        "inbox: an unknown name": _search(q="Зюзюкин"),
        "inbox: people who need attention": lambda session: urgent_leads(session, now),
        "inbox: rows": lambda session: rows_of(session, range(leads - 50, leads), USER, now),
        "inbox: counts": counts.count_statuses,
        "lead": lambda session: load_conversation(session, leads // 2, USER, now),
        "overview: the funnels": lambda session: statistics.funnels(session, now - GIVEN_UP_SHOWN_FOR),
        "overview: first messages": lambda session: statistics.seconds_to_first_message(
            session, now - GIVEN_UP_SHOWN_FOR
        ),
    }


async def explain_all(url: str, leads: int) -> Mapping[str, Sequence[str]]:
    """Return PostgreSQL's plans of all queries by name."""
    database = Database(url)
    try:
        return {
            name: (await explain(database, query)).splitlines() for name, query in _queries(leads).items()
        }
    finally:
        await database.close()
