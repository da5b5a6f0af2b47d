"""The limits of a real account, for the simulated world: its quota in a database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from shared.database.engine import Database
from shared.database.models import ACCOUNTS, AccountCall
from tests.support.rows import add_account
from worker.accounts import quota_reservations
from worker.domain.sending_limits import Limits

# In its third day of five: two first messages in a day at first, three at last.
LIMITS = Limits(timedelta(), 3, timedelta(), warmup_days=5)
AGE = timedelta(days=2)


class Account:
    """An account whose slots first messages and follow-ups take."""

    def __init__(self, database: Database, runner: asyncio.Runner, began: datetime) -> None:
        self._database, self._runner, self.created_at = database, runner, began - AGE
        self._id = runner.run(add_account(database))
        runner.run(self._make_new())

    def take_slot(self, now: datetime, *, hot: bool) -> bool:
        """Reserve a slot; returns False if there is none now."""
        return self._runner.run(self._reserve(now, hot=hot)) is None

    def forget(self) -> None:
        """Give all slots back, for the next story."""
        self._runner.run(self._clear())

    async def _reserve(self, now: datetime, *, hot: bool) -> datetime | None:
        async with self._database.writing() as session:
            (retry_at,) = await quota_reservations.reserve_conversations(
                session, self._id, LIMITS, [hot], now=now, chance=lambda: 0
            )
            return retry_at

    async def _make_new(self) -> None:
        async with self._database.writing() as session:
            await session.exec(update(ACCOUNTS).values(created_at=self.created_at))

    async def _clear(self) -> None:
        async with self._database.writing() as session:
            await session.exec(delete(AccountCall))


@contextmanager
def open_account(url: str, began: datetime) -> Iterator[Account]:
    """Yield an account in the database at `url`."""
    with asyncio.Runner() as runner:
        database = Database(url)
        try:
            yield Account(database, runner, began)
        finally:
            runner.run(database.close())
