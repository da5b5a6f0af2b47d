"""Finds a page of the leads that match the inbox's filters, without reading all leads."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from api.queries.inbox.filters import InboxFilters
from api.queries.text_search import search_condition
from shared.database.models import Lead

# Without an index so many leads are looked through; the next page continues after them.
LOOKED_THROUGH = 10_000


@dataclass(frozen=True)
class Found:
    """A page of leads. `cursor`: of the next page. `is_cut`: older leads were not looked through."""

    leads: Sequence[Lead]
    cursor: str | None = None
    is_cut: bool = False


@dataclass(frozen=True)
class Search:
    """A search with the inbox's filters."""

    session: AsyncSession
    filters: InboxFilters
    region: str
    looked_through: int = LOOKED_THROUGH

    async def run(self) -> Found:
        """Return the newest leads that match."""
        filters = self.filters
        if not self._conditions(Lead):
            return self._page(await self._all(filters.newest(filters.limit + 1)))
        # What many leads have is found among the newest.
        found = await self._all(self._among_newest())
        if len(found) > filters.limit:
            return self._page(found)
        if filters.has_indexed_text:
            # Few have it: the index finds them faster than all leads are read.
            return self._page(await self._all(self._by_index()))
        oldest = await self._all(filters.newest(self.looked_through).offset(self.looked_through - 1).limit(1))
        return Found(found, filters.cursor_after(oldest[0]), is_cut=True) if oldest else Found(found)

    def _page(self, found: Sequence[Lead]) -> Found:
        shown = found[: self.filters.limit]
        is_last = len(found) <= self.filters.limit
        return Found(shown, None if is_last else self.filters.cursor_after(shown[-1]))

    async def _all(self, query: SelectOfScalar[Lead]) -> Sequence[Lead]:
        return (await self.session.exec(query)).all()

    def _conditions(self, lead: type[Lead]) -> list[ColumnElement[bool]]:
        """Return the conditions for the text, the source and the campaign."""
        is_postgres = self.session.get_bind().dialect.name == "postgresql"
        text = search_condition(self.filters.q, region=self.region, is_postgres=is_postgres, lead=lead)
        return [*self.filters.other_conditions(lead), *([] if text is None else [text])]

    def _among_newest(self) -> SelectOfScalar[Lead]:
        newest = aliased(Lead, self.filters.newest(self.looked_through).subquery())
        return self.filters.page_of(newest, self._conditions(newest))

    def _by_index(self) -> SelectOfScalar[Lead]:
        wanted = select(Lead).where(*self._conditions(Lead), *self.filters.indexed_conditions())
        # OFFSET keeps the order out of the subquery: for it, PostgreSQL might read all leads by number.
        return self.filters.page_of(aliased(Lead, wanted.offset(0).subquery()), [])
