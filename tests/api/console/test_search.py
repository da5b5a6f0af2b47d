"""The inbox's search: common and rare values, with and without an index, page by page."""

from datetime import timedelta

import pytest

from api.queries.inbox.filters import InboxFilters
from api.queries.inbox.search import Search
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead

# Small, so that few rows fill several of them.
WINDOW = 20


async def _fill(database: Database, count: int) -> None:
    """Every tenth lead is from a landing page, and the oldest alone has the name Zoe."""
    now = utc_now()
    async with database.writing() as session:
        session.add_all(
            Lead(
                name="Zoe" if number == 0 else f"Anna {number}",
                username=f"user_{number}",
                source="landing" if number % 10 == 0 else "tilda",
                # Some have the same time.
                created_at=now + timedelta(seconds=number // 4),
                extra={"utm_source": "rare"} if number == 5 else {},
            )
            for number in range(count)
        )


async def _all_pages(database: Database, filters: InboxFilters) -> tuple[list[int], int]:
    """Return the ids of all pages, and how many pages there were."""
    found: list[int] = []
    pages = 0
    while True:
        async with database.reading() as session:
            page = await Search(session, filters, "RU", WINDOW).run()
        found += [lead.id for lead in page.leads]
        pages += 1
        if page.cursor is None:
            return found, pages
        filters = filters.model_copy(update={"cursor": page.cursor})


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (InboxFilters(limit=7), list(range(60, 0, -1))),
        (InboxFilters(limit=4, source="landing"), [51, 41, 31, 21, 11, 1]),
        (InboxFilters(limit=2, source="landing", created_from="2000-01-01"), [51, 41, 31, 21, 11, 1]),
        (InboxFilters(limit=5, utm="rare"), [6]),
        (InboxFilters(limit=5, q="zoe"), [1]),
        (InboxFilters(limit=5, q="zo"), [1]),
        (InboxFilters(limit=5, q="anna 1", source="landing"), [11]),
        (
            InboxFilters(limit=5, q="anna", status=["pending", "failed"], source="landing"),
            [51, 41, 31, 21, 11],
        ),
        (InboxFilters(limit=5, q="nobody"), []),
    ],
    ids=lambda value: "" if isinstance(value, list) else str(value.parameters()),
)
async def test_pages_neither_repeat_nor_miss(
    database: Database, filters: InboxFilters, wanted: list[int]
) -> None:
    await _fill(database, 60)
    found, _ = await _all_pages(database, filters)
    assert found == wanted


async def test_a_filter_without_an_index_says_where_it_stopped(database: Database) -> None:
    await _fill(database, 60)
    async with database.reading() as session:
        page = await Search(session, InboxFilters(utm="rare"), "RU", WINDOW).run()
    assert (page.leads, page.is_cut) == ([], True)
    found, pages = await _all_pages(database, InboxFilters(utm="rare"))
    assert (found, pages) == ([6], 4)


@pytest.mark.parametrize(
    ("text", "is_indexed"),
    [("zoe", True), ("Ёлкин", True), ("+7 999", True), ("@an_", False), ("a-b-c", False), ("--- ***", False)],
)
def test_only_three_letters_in_a_row_are_found_by_the_index(text: str, is_indexed: bool) -> None:
    assert InboxFilters(q=text).has_indexed_text is is_indexed
