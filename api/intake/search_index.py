"""Merges new leads into the search index in the background, so that no request has to wait for it.

A GIN index of PostgreSQL collects new entries in a pending list and merges it when it is full
(`gin_pending_list_limit`). The merge takes some dozens of milliseconds. The transaction whose row fills the
list waits for it, and so do all submissions in that transaction. Only one session merges at a time.
https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
"""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from shared.database.engine import Database

logger = logging.getLogger(__name__)

# A quarter of the rows that fill the list, because several processes may insert.
MERGE_AFTER = 1000
_MERGE = (
    "SELECT gin_clean_pending_list(there) FROM to_regclass('ix_leads_search') there WHERE there IS NOT NULL"
)


class SearchIndex:
    """Counts the rows that this process inserts and starts merges; without the index it does nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unmerged = 0
        self._merging: asyncio.Task[None] | None = None

    def record_inserts(self, rows: int) -> None:
        """Count inserted rows; after MERGE_AFTER of them, start a merge in the background."""
        self._unmerged += rows
        if self._unmerged >= MERGE_AFTER and self._merging is None:
            self._unmerged = 0
            self._merging = asyncio.create_task(self._merge(), name="search index")

    async def _merge(self) -> None:
        try:
            async with self._database.autocommit.connect() as connection:
                await connection.exec_driver_sql(_MERGE)
        except (SQLAlchemyError, OSError) as error:
            # For example, this role does not own the index: PostgreSQL then merges the list when it is full.
            logger.debug("the search index was not merged: %s", error)
        finally:
            self._merging = None

    def close(self) -> None:
        """Cancel a running merge."""
        if self._merging is not None:
            self._merging.cancel()
