"""The one way in: a submission becomes a lead once, however often it is sent."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Insert, Row, Table, bindparam, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from api.submission import Submission
from shared.db import Database
from shared.models import Lead
from shared.status import LeadStatus

T = TypeVar("T")

LEADS: Table = SQLModel.metadata.tables[str(Lead.__tablename__)]


def _idempotent_insert(dialect: Any) -> Insert:  # noqa: ANN401 - a dialect's module
    statement: Insert = (
        dialect.insert(LEADS)
        .on_conflict_do_nothing(
            index_elements=["source", "source_key"], index_where=text("source_key IS NOT NULL")
        )
        .returning(*LEADS.c)
    )
    return statement


# Built once: a statement takes longer to write than to run.
_INSERT = {"postgresql": _idempotent_insert(postgresql), "sqlite": _idempotent_insert(sqlite)}
_SELECT = select(*LEADS.c).where(
    LEADS.c.source == bindparam("source"), LEADS.c.source_key == bindparam("source_key")
)
_RETIRE = (
    update(LEADS)
    .where(LEADS.c.id == bindparam("lead_id"), LEADS.c.source_key == bindparam("old_key"))
    .values(source_key=bindparam("new_key"))
)


async def submit(
    connection: AsyncConnection, submission: Submission, now: datetime, *, window: timedelta = timedelta(0)
) -> tuple[Row[Any], bool]:
    """Store the lead, due at once; gives its row and whether it is new.

    One statement for a new lead; a second one, for the row that is there already, only for a repeat.
    `window`: for how long a submission that is known by its fingerprint alone counts as a repeat.
    `now`: when it came, which for one that is taken up later is in the past.
    """
    values = row_values(submission, now)
    statement = _INSERT[connection.dialect.name]
    while True:
        if row := (await connection.execute(statement, values)).first():
            return row, True
        key = {"source": submission.source, "source_key": values["source_key"]}
        row = (await connection.execute(_SELECT, key)).first()
        if row is None:
            # Deleted between the two statements: then it is new after all.
            continue
        if not submission.is_known_by_fingerprint or abs(now - row.created_at) < window:
            return row, False
        if row.created_at < now:
            await _retire(connection, row)
        else:
            values["source_key"] = f"{submission.key}@{now.isoformat()}"


async def _retire(connection: AsyncConnection, row: Row[Any]) -> None:
    """Let a fingerprint go to the next lead. Whoever loses the race for it finds that next lead."""
    keys = {"old_key": row.source_key, "new_key": f"{row.source_key}@{row.created_at.isoformat()}"}
    await connection.execute(_RETIRE, {"lead_id": row.id, **keys})


async def submit_alone(
    database: Database, submission: Submission, now: datetime, *, window: timedelta = timedelta(0)
) -> tuple[Row[Any], bool]:
    """`submit` as its own transaction."""
    known = submission.identified(by_fingerprint=bool(window), otherwise=f"once:{uuid4().hex}")

    async def store() -> tuple[Row[Any], bool]:
        async with database.autocommit.begin() as connection:
            return await submit(connection, known, now, window=window)

    return await again(store)


async def again(store: Callable[[], Awaitable[T]]) -> T:
    """One more try over a lost connection: what was stored unnoticed is found again by its key.

    Also if the lead was erased while a repeat of it was being recorded: then it is new after all.
    """
    try:
        return await store()
    except DBAPIError as error:
        if not (error.connection_invalidated or isinstance(error, IntegrityError)):
            raise
        return await store()


def row_values(submission: Submission, now: datetime) -> dict[str, Any]:
    """The row of a new lead, due at once."""
    contact = submission.contact
    return {
        "name": submission.name,
        "phone": contact.phone.digits if contact.phone else None,
        "phone_e164": contact.phone.e164 if contact.phone else None,
        "username": contact.username,
        "source": submission.source,
        "source_key": submission.key,
        "fingerprint": submission.fingerprint,
        "status": LeadStatus.PENDING,
        "due_at": now,
        "attempts": 0,
        "lost_leases": 0,
        "extra": submission.extra,
        "created_at": now,
        "updated_at": now,
    }
