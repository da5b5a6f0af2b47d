"""Webhook calls as evidence: each is stored before it is understood, and understood once."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from api.errors import log_failure, unavailable
from api.intake import again, submit
from api.raw import to_bytes
from api.reading import fields_of, read_submission
from api.settings import ApiSettings
from api.submission import Submission
from api.tilda import is_probe
from shared.contacts import ContactError
from shared.db import Database
from shared.models import WebhookDelivery

logger = logging.getLogger(__name__)

DELIVERIES: Table = SQLModel.metadata.tables[str(WebhookDelivery.__tablename__)]
# What brought no lead, and may bring one yet.
REPLAYABLE = ("received", "refused", "probe")
# Whoever received it may still be at it.
STALE = timedelta(seconds=30)
BATCH = 200

_INSERT = insert(DELIVERIES).returning(DELIVERIES.c.id)
_CLAIM = (
    # It changes nothing but holds the row: who comes second waits, and then finds another outcome.
    update(DELIVERIES)
    .where(
        DELIVERIES.c.id == bindparam("delivery_id"),
        DELIVERIES.c.outcome.in_(bindparam("among", expanding=True)),
    )
    .values(outcome=DELIVERIES.c.outcome)
    .returning(*DELIVERIES.c)
)
_SETTLE = (
    update(DELIVERIES)
    .where(DELIVERIES.c.id == bindparam("delivery_id"), DELIVERIES.c.outcome == bindparam("was"))
    .values(outcome=bindparam("becomes"), error=bindparam("why"), lead_id=bindparam("lead"))
)


@dataclass(frozen=True)
class Delivery:
    """A webhook call as it came: `body` is text without secrets, `charset` how to make bytes of it.

    There is no charset if only a part of the body came.
    """

    source: str
    received_at: datetime
    content_type: str | None
    body: str
    charset: str | None


@dataclass(frozen=True)
class Result:
    """What became of a delivery: a lead, new or not, or why there is none; a probe has neither."""

    lead: Row[Any] | None = None
    created: bool = False
    error: ContactError | None = None

    @property
    def outcome(self) -> str:
        """As the delivery's row has it."""
        if self.lead is not None:
            return "stored" if self.created else "duplicate"
        return "probe" if self.error is None else "refused"


async def keep(database: Database, delivery: Delivery, *, refused: str | None = None) -> int:
    """Store a delivery that is still to be understood, or that is `refused` as it stands; gives its id."""
    values = {
        "source": delivery.source,
        "received_at": delivery.received_at,
        "content_type": delivery.content_type,
        "body": delivery.body,
        "charset": delivery.charset,
        "outcome": "refused" if refused else "received",
        "error": refused,
    }
    async with database.autocommit.begin() as connection:
        return int((await connection.execute(_INSERT, values)).scalar_one())


async def bring(
    database: Database, delivery_id: int, submission: Submission, received_at: datetime, window: timedelta
) -> Result:
    """The lead of a delivery and its outcome: both are stored, or neither is."""

    async def store() -> Result:
        async with database.engine.begin() as connection:
            return await _bring(connection, delivery_id, submission, received_at, window)

    return await again(store)


async def _bring(
    connection: AsyncConnection,
    delivery_id: int,
    submission: Submission,
    received_at: datetime,
    window: timedelta,
    was: str = "received",
) -> Result:
    known = submission.identified(by_fingerprint=bool(window), otherwise=f"delivery:{delivery_id}")
    result = Result(*await submit(connection, known, received_at, window=window))
    await _settle(connection, delivery_id, result, was)
    return result


async def close(database: Database, delivery_id: int, result: Result) -> None:
    """Record that a delivery brought no lead."""
    async with database.autocommit.begin() as connection:
        await _settle(connection, delivery_id, result, "received")


async def _settle(connection: AsyncConnection, delivery_id: int, result: Result, was: str) -> None:
    values = {
        "delivery_id": delivery_id,
        "was": was,
        "becomes": result.outcome,
        "why": str(result.error) if result.error else None,
        "lead": result.lead.id if result.lead is not None else None,
    }
    # Nothing is changed if somebody else has settled it, with the same lead: it has the same key.
    await connection.execute(_SETTLE, values)


async def take_up(
    database: Database, delivery_id: int, settings: ApiSettings, *, among: tuple[str, ...]
) -> Result | None:
    """Understand a stored delivery anew, if its outcome is `among` these; None if it is not."""
    async with database.engine.begin() as connection:
        claim = {"delivery_id": delivery_id, "among": among}
        row = (await connection.execute(_CLAIM, claim)).first()
        if row is None:
            return None
        read = _read(row, settings)
        if isinstance(read, Submission):
            return await _bring(
                connection, row.id, read, row.received_at, settings.repeat_window, row.outcome
            )
        await _settle(connection, row.id, read, row.outcome)
        return read


def _read(row: Row[Any], settings: ApiSettings) -> Submission | Result:
    if row.charset is None:
        return Result(error=ContactError("body", row.error or "only a part of it is stored"))
    fields = fields_of(to_bytes(row.body, row.charset), row.content_type)
    if is_probe(fields):
        return Result()
    try:
        return read_submission(fields, settings)
    except ContactError as error:
        return Result(error=error)


async def take_up_stale(database: Database, settings: ApiSettings, now: datetime) -> int:
    """Finish what an api left that died after it had stored a delivery; gives how many there were.

    Any number of processes may do it at once. Raises the database's error if it cannot be reached.
    """
    stale = select(DELIVERIES.c.id).where(
        DELIVERIES.c.outcome == "received", DELIVERIES.c.received_at < now - STALE
    )
    taken = 0
    while True:
        async with database.reading() as session:
            connection = await session.connection()
            ids = (await connection.execute(stale.order_by(DELIVERIES.c.id).limit(BATCH))).scalars().all()
        for delivery_id in ids:
            taken += await _take_up_or_refuse(database, delivery_id, settings)
        if len(ids) < BATCH:
            return taken


async def _take_up_or_refuse(database: Database, delivery_id: int, settings: ApiSettings) -> bool:
    try:
        result = await take_up(database, delivery_id, settings, among=("received",))
    except SQLAlchemyError as error:
        if unavailable(error):
            raise
        # What the database refuses once it refuses always: it must not be in the way of the others.
        log_failure(f"taking up delivery {delivery_id}", error)
        result = Result(error=ContactError("body", "the lead could not be stored"))
        await close(database, delivery_id, result)
    if result is not None:
        logger.warning("delivery %s was left unfinished: %s", delivery_id, result.outcome)
    return result is not None


async def prune(database: Database, before: datetime) -> int:
    """Delete what was received before a moment and is finished; gives how many that were."""
    old = (
        select(DELIVERIES.c.id)
        .where(DELIVERIES.c.received_at < before, DELIVERIES.c.outcome != "received")
        .order_by(DELIVERIES.c.received_at)
        .limit(BATCH)
    )
    pruned = 0
    while True:
        async with database.engine.begin() as connection:
            gone = (await connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_(old)))).rowcount
        pruned += gone
        if gone == 0:
            return pruned
