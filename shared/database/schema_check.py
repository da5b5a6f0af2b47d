"""Whether the database is where this program's migrations end."""

from enum import Enum, auto

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.errors import unavailable
from shared.database.engine import Database

_REVISION = text("SELECT version_num FROM alembic_version")


class Readiness(Enum):
    """What the database is like."""

    READY = auto()
    UNREACHABLE = auto()
    OUTDATED = auto()


async def readiness(database: Database, newest: str) -> Readiness:
    """One cheap SELECT."""
    try:
        async with database.reading() as session:
            connection = await session.connection()
            found = (await connection.execute(_REVISION)).scalars().all()
    except (DBAPIError, PoolTimeoutError) as error:
        answer = unavailable(error)
        is_empty = answer is not None and "migrated" in answer.detail
        return Readiness.OUTDATED if is_empty else Readiness.UNREACHABLE
    return Readiness.READY if list(found) == [newest] else Readiness.OUTDATED
