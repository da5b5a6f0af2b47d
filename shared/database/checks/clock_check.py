"""Compares this machine's clock with the database's."""

from sqlalchemy import text

from shared.clock import utc_now
from shared.database.engine import Database

# From this difference on, the owner is told: dates, hours of outreach and limits are wrong.
MAX_CLOCK_ERROR_SECONDS = 60.0
_NOW = text("SELECT clock_timestamp()")


async def clock_error(database: Database) -> float:
    """Return by how many seconds this machine's clock is ahead of the database's; negative: behind.

    0 on SQLite, which has no clock of its own. Raises the database's error if it is away.
    """
    if not database.is_postgres:
        return 0.0
    async with database.reading() as session:
        connection = await session.connection()
        before = utc_now()
        at = (await connection.execute(_NOW)).scalar_one()
        after = utc_now()
    middle = before + (after - before) / 2
    return float((middle - at).total_seconds())


def describe_clock_error(error: float, other: str) -> str:
    """Return a text about the machine's clock, which is `error` seconds ahead of `other`'s clock."""
    seconds = abs(round(error))
    side = "ahead of" if error > 0 else "behind"
    amount = f"{seconds} s" if seconds < 2 * 86_400 else f"{seconds // 86_400} days"
    return f"this machine's clock is {amount} {side} {other}'s"
