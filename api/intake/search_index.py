"""What new leads add to the search index is sorted in beside their storing, not by whoever fills the list.

PostgreSQL's GIN indexes keep a list of what is new and sort it in when it is full (`gin_pending_list_limit`):
some dozens of milliseconds for the one whose row fills it and for all who commit with it. While somebody
sorts, nobody else does. https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
"""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from shared.database.engine import Database

logger = logging.getLogger(__name__)

# A quarter of what fills the list: several processes may be storing.
SORT_AFTER = 1000
_SORT_IN = (
    "SELECT gin_clean_pending_list(there) FROM to_regclass('ix_leads_search') there WHERE there IS NOT NULL"
)


class SearchIndex:
    """The index as one process sees it; where there is none (no pg_trgm), nothing happens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unsorted = 0
        self._sorting: asyncio.Task[None] | None = None

    def grew(self, rows: int) -> None:
        """So many rows have been stored; now and then somebody sorts them in, and nobody waits for it."""
        self._unsorted += rows
        if self._unsorted >= SORT_AFTER and self._sorting is None:
            self._unsorted = 0
            self._sorting = asyncio.create_task(self._sort_in(), name="search index")

    async def _sort_in(self) -> None:
        try:
            async with self._database.autocommit.connect() as connection:
                await connection.exec_driver_sql(_SORT_IN)
        except (SQLAlchemyError, OSError) as error:
            # Not the index's owner, say: then it is as it is without us.
            logger.debug("the search index is not sorted in: %s", error)
        finally:
            self._sorting = None

    def close(self) -> None:
        """Leave the rest for later."""
        if self._sorting is not None:
            self._sorting.cancel()
