"""Rate limits per minute, counted in the database, so that they hold across any number of processes."""

import asyncio
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from sqlalchemy import Insert, Table, bindparam, case, delete, or_, select
from sqlmodel import SQLModel

from shared.clock import Clock
from shared.database.bulk import dialect_insert
from shared.database.columns import UtcDateTime
from shared.database.engine import Database, answered_within
from shared.database.models import RateLimit
from shared.database.timeouts import FORM_SECONDS

LIMITS: Table = SQLModel.metadata.tables[str(RateLimit.__tablename__)]
MINUTE = timedelta(minutes=1)
# Clocks of processes differ by less.
MAX_AHEAD = 2 * MINUTE
# How long `has_succeeded_before` remembers a key.
SUCCESS_REMEMBERED_FOR = timedelta(days=30)
# A process reserves 1/20 of a limit at once. Limits under 40 are reserved one permit at a time.
_PORTIONS = 20
_GUESS_PREFIX = "guess:"


@cache
def _reserve_statement(dialect: str) -> Insert:
    insert = dialect_insert(dialect, LIMITS)
    # Clocks of processes differ slightly: a process still in the previous minute counts in the newer one.
    # A minute further ahead was stored by a wrong clock: counting in it would never end.
    is_newer_minute = or_(
        LIMITS.c.minute < insert.excluded.minute, LIMITS.c.minute > bindparam("latest", type_=UtcDateTime())
    )
    statement: Insert = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "minute": case((is_newer_minute, insert.excluded.minute), else_=LIMITS.c.minute),
            "used": case((is_newer_minute, insert.excluded.used), else_=LIMITS.c.used + insert.excluded.used),
        },
    ).returning(LIMITS.c.used)
    return statement


_HAS_KEY = select(LIMITS.c.key).where(LIMITS.c.key == bindparam("wanted"))


def caller_key(*parts: str | bytes) -> str:
    """Return the database key of a scope, a token and an address: a hash that reveals none of them."""
    whole = b"\x00".join(part.encode() if isinstance(part, str) else part for part in parts)
    return sha256(whole).hexdigest()


def bad_token_key(address: str) -> str:
    """Return the database key that counts the wrong tokens from an address."""
    return _GUESS_PREFIX + caller_key(address)


class RateLimiter:
    """Admits at most `limit` requests per key and minute, over all processes together.

    A process reserves permits in the database before it uses them, one portion at a time. The limit is
    therefore never exceeded. Reserved permits that a process does not use are lost: at most 1/20 of the
    limit per process.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._minute = clock().replace(second=0, microsecond=0)
        self._buckets: dict[str, _Bucket] = {}

    async def acquire(self, key: str, limit: int) -> int:
        """Take one permit. Returns 0 if there was one, else the seconds until the next minute.

        Runs one statement per portion. Raises the database's error if it cannot be reached.
        """
        bucket = self._bucket(key)
        while not bucket.permits:
            if bucket.is_spent:
                return self._seconds_left()
            # All waiting requests share one reservation: if the database hangs, they fail at the same time.
            if bucket.reservation is None or bucket.reservation.done():
                bucket.reservation = asyncio.ensure_future(self._reserve(bucket, key, limit))
            async with answered_within(FORM_SECONDS):
                await asyncio.shield(bucket.reservation)
        bucket.permits -= 1
        return 0

    def blocked_for(self, key: str) -> int:
        """Return the seconds for which a key is blocked, as far as this process knows; 0 if it is not."""
        return self._seconds_left() if self._bucket(key).is_spent else 0

    async def has_succeeded_before(self, key: str) -> bool:
        """Return True if a request was admitted for this key within SUCCESS_REMEMBERED_FOR."""
        async with self._database.reading() as session:
            connection = await session.connection()
            return (await connection.execute(_HAS_KEY, {"wanted": key})).first() is not None

    async def prune(self) -> None:
        """Delete bad-token counts after two minutes, and all others after SUCCESS_REMEMBERED_FOR."""
        now = self._clock()
        bad_tokens = LIMITS.c.key.startswith(_GUESS_PREFIX) & (LIMITS.c.minute < now - 2 * MINUTE)
        async with self._database.engine.begin() as connection:
            await connection.execute(
                delete(LIMITS).where(or_(bad_tokens, LIMITS.c.minute < now - SUCCESS_REMEMBERED_FOR))
            )

    def _bucket(self, key: str) -> "_Bucket":
        minute = self._clock().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._buckets = {}
        return self._buckets.setdefault(key, _Bucket(minute))

    async def _reserve(self, bucket: "_Bucket", key: str, limit: int) -> None:
        portion = max(1, limit // _PORTIONS)
        latest = bucket.minute + MAX_AHEAD
        values = {"key": key, "minute": bucket.minute, "used": portion, "latest": latest}
        async with self._database.autocommit.begin() as connection:
            statement = _reserve_statement(connection.dialect.name)
            used = int((await connection.execute(statement, values)).scalar_one())
        bucket.permits = max(0, min(portion, limit - (used - portion)))
        bucket.is_spent = used >= limit

    def _seconds_left(self) -> int:
        return max(1, round((self._minute + MINUTE - self._clock()).total_seconds()))


class _Bucket:
    """The permits of one key that this process has reserved in one minute."""

    def __init__(self, minute: datetime) -> None:
        self.minute = minute
        self.permits = 0
        self.is_spent = False
        self.reservation: asyncio.Future[None] | None = None
