"""How much may come in a minute, counted in the database, so that it holds over any number of processes."""

import asyncio
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Insert, Table, bindparam, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import RateLimit

LIMITS: Table = SQLModel.metadata.tables[str(RateLimit.__tablename__)]
MINUTE = timedelta(minutes=1)
# Who has been let in stays known for so long: see RateLimits.knows().
REMEMBERED = timedelta(days=30)
# A process takes so many permits of a limit at once. Small limits are counted one by one.
_PORTIONS = 20
_GUESS = "guess:"


def _reserving(dialect: Any) -> Insert:  # noqa: ANN401 - a dialect's module
    insert = dialect.insert(LIMITS)
    # The clocks of processes differ a little: who is still in the minute before counts in the newer one.
    is_over = LIMITS.c.minute < insert.excluded.minute
    statement: Insert = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "minute": case((is_over, insert.excluded.minute), else_=LIMITS.c.minute),
            "used": case((is_over, insert.excluded.used), else_=LIMITS.c.used + insert.excluded.used),
        },
    ).returning(LIMITS.c.used)
    return statement


_RESERVE = {"postgresql": _reserving(postgresql), "sqlite": _reserving(sqlite)}
_KNOWS = select(LIMITS.c.key).where(LIMITS.c.key == bindparam("sought"))


def caller_key(*parts: str | bytes) -> str:
    """What stands in the database for a door, a token and an address: it tells none of them."""
    whole = b"\x00".join(part.encode() if isinstance(part, str) else part for part in parts)
    return sha256(whole).hexdigest()


def guess_key(address: str) -> str:
    """The same for the wrong tokens that come from an address."""
    return _GUESS + caller_key(address)


class RateLimiter:
    """Admits at most so many a minute for a key.

    Permits are taken from the database before they are used, a portion at a time, so that all processes
    together never admit more than the limit; a process that has taken permits and gets no more requests
    wastes them, which is at most a twentieth of the limit.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._minute = clock().replace(second=0, microsecond=0)
        self._buckets: dict[str, _Bucket] = {}

    async def acquire(self, key: str, limit: int) -> int:
        """0 if one more is admitted; else after how many seconds to try again.

        One statement for each portion. Raises the database's error if it cannot be reached.
        """
        bucket = self._bucket(key)
        while not bucket.permits:
            if bucket.is_spent:
                return self._rest()
            # One reservation for all who wait: while the database hangs they all hear it at the same time.
            if bucket.reservation is None or bucket.reservation.done():
                bucket.reservation = asyncio.ensure_future(self._reserve(bucket, key, limit))
            await asyncio.shield(bucket.reservation)
        bucket.permits -= 1
        return 0

    def blocked_for(self, key: str) -> int:
        """For how many seconds nothing more is admitted, as far as this process has heard; 0 if it is."""
        return self._rest() if self._bucket(key).is_spent else 0

    async def has_succeeded_before(self, key: str) -> bool:
        """Whether something has been admitted for this key within REMEMBERED."""
        async with self._database.reading() as session:
            connection = await session.connection()
            return (await connection.execute(_KNOWS, {"sought": key})).first() is not None

    async def prune(self) -> None:
        """Forget the counts that no longer matter."""
        now = self._clock()
        guesses = LIMITS.c.key.startswith(_GUESS) & (LIMITS.c.minute < now - 2 * MINUTE)
        async with self._database.engine.begin() as connection:
            await connection.execute(delete(LIMITS).where(or_(guesses, LIMITS.c.minute < now - REMEMBERED)))

    def _bucket(self, key: str) -> "_Bucket":
        minute = self._clock().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._buckets = {}
        return self._buckets.setdefault(key, _Bucket(minute))

    async def _reserve(self, bucket: "_Bucket", key: str, limit: int) -> None:
        portion = max(1, limit // _PORTIONS)
        values = {"key": key, "minute": bucket.minute, "used": portion}
        async with self._database.autocommit.begin() as connection:
            statement = _RESERVE[connection.dialect.name]
            used = int((await connection.execute(statement, values)).scalar_one())
        bucket.permits = max(0, min(portion, limit - (used - portion)))
        bucket.is_spent = used >= limit

    def _rest(self) -> int:
        return max(1, round((self._minute + MINUTE - self._clock()).total_seconds()))


class _Bucket:
    """What a process holds of one key's permits for one minute."""

    def __init__(self, minute: datetime) -> None:
        self.minute = minute
        self.permits = 0
        self.is_spent = False
        self.reservation: asyncio.Future[None] | None = None
