"""The one way in: a submission becomes a lead once, however often it is sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Insert, Row, Table, bindparam, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from shared.contacts import Contact
from shared.db import Database
from shared.models import Lead, WebhookDelivery
from shared.status import LeadStatus

T = TypeVar("T")

LEADS: Table = SQLModel.metadata.tables[str(Lead.__tablename__)]
DELIVERIES: Table = SQLModel.metadata.tables[str(WebhookDelivery.__tablename__)]


@dataclass(frozen=True)
class Submission:
    """A form as it was understood; `key`, if there is one, is the same when it is sent again."""

    name: str
    contact: Contact
    source: str
    key: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """A webhook call as it came."""

    source: str
    content_type: str | None
    body: str


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
_INSERT_DELIVERY = insert(DELIVERIES)


async def submit(connection: AsyncConnection, submission: Submission, now: datetime) -> tuple[Row[Any], bool]:
    """Store the lead, due at once; gives its row and whether it is new.

    One statement for a new lead; a second one, for the row that is there already, only for a repeat.
    """
    values = _values(submission, now)
    statement = _INSERT[connection.dialect.name]
    while True:
        if row := (await connection.execute(statement, values)).first():
            return row, True
        key = {"source": submission.source, "source_key": submission.key}
        if row := (await connection.execute(_SELECT, key)).first():
            return row, False
        # Deleted between the two statements: then it is new after all.


async def submit_alone(database: Database, submission: Submission, now: datetime) -> tuple[Row[Any], bool]:
    """`submit` as its own transaction."""

    async def store() -> tuple[Row[Any], bool]:
        async with database.autocommit.begin() as connection:
            return await submit(connection, submission, now)

    return await _again_if_harmless(store, submission)


async def submit_delivery(
    database: Database, submission: Submission, delivery: Delivery, now: datetime
) -> tuple[Row[Any], bool]:
    """`submit` and the record of the webhook call that brought it: both are stored, or neither is."""

    async def store() -> tuple[Row[Any], bool]:
        async with database.engine.begin() as connection:
            row, created = await submit(connection, submission, now)
            outcome = "stored" if created else "duplicate"
            await _record(connection, delivery, now, outcome=outcome, lead_id=row.id)
        return row, created

    return await _again_if_harmless(store, submission)


async def _again_if_harmless(store: Callable[[], Awaitable[T]], submission: Submission) -> T:
    """One more try over a lost connection: with a key, what was stored unnoticed is found again."""
    try:
        return await store()
    except DBAPIError as error:
        if submission.key is None or not error.connection_invalidated:
            raise
        return await store()


async def record_delivery(
    database: Database, delivery: Delivery, now: datetime, *, outcome: str, error: str | None = None
) -> None:
    """Keep a webhook call that brought no lead: `outcome` is `probe` or `refused`, `error` says why."""
    async with database.autocommit.begin() as connection:
        await _record(connection, delivery, now, outcome=outcome, error=error)


async def _record(
    connection: AsyncConnection,
    delivery: Delivery,
    now: datetime,
    *,
    outcome: str,
    error: str | None = None,
    lead_id: int | None = None,
) -> None:
    values = {
        "source": delivery.source,
        "received_at": now,
        "content_type": delivery.content_type,
        "body": delivery.body,
        "outcome": outcome,
        "error": error,
        "lead_id": lead_id,
    }
    await connection.execute(_INSERT_DELIVERY, values)


def _values(submission: Submission, now: datetime) -> dict[str, Any]:
    contact = submission.contact
    return {
        "name": submission.name,
        "phone": contact.phone.digits if contact.phone else None,
        "phone_e164": contact.phone.e164 if contact.phone else None,
        "username": contact.username,
        "source": submission.source,
        "source_key": submission.key,
        "status": LeadStatus.PENDING,
        "due_at": now,
        "attempts": 0,
        "lost_leases": 0,
        "extra": submission.extra,
        "created_at": now,
        "updated_at": now,
    }
