"""Compares the database's revision with the shipped migrations.

Revisions are read from the names of the migration files, because Alembic takes long to import.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

import migrations
from shared.database.engine import Database
from shared.database.faults.error_classes import Fault, classify

_REVISION = text("SELECT version_num FROM alembic_version")


class SchemaState(Enum):
    """How the database's schema compares with the migrations of this program."""

    CURRENT = auto()
    OUTDATED = auto()
    # At a revision that this program does not know: a later version has migrated it.
    NEWER = auto()
    # Never migrated: it has no table of revisions.
    EMPTY = auto()
    # The query failed for any other reason.
    UNREACHABLE = auto()


@dataclass(frozen=True)
class SchemaVersion:
    """The state, and the revisions stored in `alembic_version`: one after any migration.

    `fault`: why they cannot be read, if the state is UNREACHABLE.
    """

    state: SchemaState
    revisions: Sequence[str] = ()
    fault: Fault | None = None


async def schema_state(database: Database) -> SchemaState:
    """Compare the schema with this program. Runs one SELECT; raises nothing if the database is down."""
    return (await read_schema_version(database)).state


async def read_schema_version(database: Database) -> SchemaVersion:
    """Return the state and the stored revisions; none if the database is EMPTY or UNREACHABLE."""
    try:
        async with database.reading() as session:
            connection = await session.connection()
            found = (await connection.execute(_REVISION)).scalars().all()
    except (DBAPIError, PoolTimeoutError) as error:
        fault = classify(error)
        if fault.is_unmigrated:
            return SchemaVersion(SchemaState.EMPTY)
        return SchemaVersion(SchemaState.UNREACHABLE, fault=fault)
    if list(found) == [newest_revision()]:
        return SchemaVersion(SchemaState.CURRENT, found)
    is_known = known_revisions().issuperset(found)
    return SchemaVersion(SchemaState.OUTDATED if is_known else SchemaState.NEWER, found)


def newest_revision() -> str:
    """Return the newest shipped revision, such as `0007`."""
    return max(known_revisions())


@cache
def known_revisions() -> frozenset[str]:
    """Return every shipped revision. The folder is read once per process."""
    folder = Path(migrations.__path__[0]) / "versions"
    return frozenset(file.name.partition("_")[0] for file in folder.glob("[0-9]*_*.py"))
