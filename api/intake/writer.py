"""The one way in: a submission becomes a lead once, however often it is sent, and what it came in is kept."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from api.intake.arrival import KeyedSubmission, Result
from api.intake.batches import Results
from api.intake.committing import NotBegunError, batch_writer_for
from api.intake.deliveries import record, store_without_lead
from api.intake.repeats import again, submit
from shared.database.engine import Database
from shared.group_commit import GroupCommit

logger = logging.getLogger(__name__)

# More would be slower for those who wait than two commits are.
MOST = 64


class IntakeWriter:
    """Stores what arrives: new leads and plain repeats in batches, whatever is not that simple by itself.

    A lead, its first event and the delivery that brought it are one commit, and nobody is answered before it.
    A process that dies before has answered nobody: the sender tries again. If a lead cannot be stored, its
    delivery is stored alone, as `received`, and taken up later.
    `window`: for how long the same words from the same person are a repeat.
    """

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._commit = batch_writer_for(database, window)
        # Whoever comes next is answered sooner by a small commit now than by a large one later.
        self._group = GroupCommit(self._store, most=MOST, linger=0)

    async def store(self, arrival: KeyedSubmission) -> Result:
        """The lead, new or known. Raises the database's error if nothing is stored but the delivery."""
        try:
            result = await self._group.submit(arrival)
        except NotBegunError as failure:
            raise failure.error from None
        if result is not None:
            return result
        try:
            return await again(lambda: self._store_alone(arrival))
        except Exception:
            if arrival.delivery:
                with suppress(SQLAlchemyError):
                    await store_without_lead(self._database, arrival.delivery)
            raise

    async def _store(self, arrivals: Sequence[KeyedSubmission]) -> Sequence[Result | None]:
        """What became of each; whoever hears nothing has to try it alone."""
        first: dict[tuple[str, str], KeyedSubmission] = {}
        for arrival in arrivals:
            first.setdefault(arrival.key, arrival)
        # In one order, as everybody does who stores several: nobody waits in a circle.
        results = await self._together([first[key] for key in sorted(first)])
        return [results.get(arrival.key) if first[arrival.key] is arrival else None for arrival in arrivals]

    async def _together(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        try:
            return await self._commit(arrivals)
        except NotBegunError:
            raise
        except Exception as error:  # noqa: BLE001 - whose fault it is shows when each is stored by itself
            logger.warning("%s at once could not be stored: %s", len(arrivals), type(error).__name__)
            return {}

    async def _store_alone(self, arrival: KeyedSubmission) -> Result:
        async with self._database.engine.begin() as connection:
            result = await submit(connection, arrival, self._window)
            if arrival.delivery and not result.created:
                await record(connection, arrival.delivery, result)
            return result

    def close(self) -> None:
        """Let go of what is its own; the database is the caller's."""
        self._commit.close()
