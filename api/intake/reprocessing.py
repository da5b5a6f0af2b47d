"""Deliveries that are stored and brought no lead, understood anew: by a replay, or where an api died."""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import log_failure, unavailable
from api.forms.raw_body import to_bytes
from api.intake.deliveries import DELIVERIES
from api.intake.parsing import fields_of, understand
from api.intake.store import store
from api.intake.submission import Delivery, Result, with_key
from api.settings import ApiSettings
from shared.contacts import ContactError
from shared.database.engine import Database

logger = logging.getLogger(__name__)

# What brought no lead, and may bring one yet.
REPLAYABLE = ("received", "refused", "probe")
# Whoever received it may still be at it.
STALE = timedelta(seconds=30)
BATCH = 200

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


async def reprocess(
    database: Database, delivery_id: int, settings: ApiSettings, *, among: tuple[str, ...]
) -> Result | None:
    """Understand a stored delivery anew, if its outcome is `among` these; None if it is not."""
    async with database.engine.begin() as connection:
        claim = {"delivery_id": delivery_id, "among": among}
        row = (await connection.execute(_CLAIM, claim)).first()
        if row is None:
            return None
        result = await _understood(connection, row, settings)
        await _settle(connection, row.id, result, row.outcome)
        return result


async def _understood(connection: AsyncConnection, row: Row[Any], settings: ApiSettings) -> Result:
    if row.charset is None:
        return Result(error=ContactError("body", row.error or "only a part of it is stored"))
    fields = fields_of(to_bytes(row.body, row.charset), row.content_type)
    read = understand(fields, settings)
    if isinstance(read, Result):
        return read
    name = Delivery(row.source, row.received_at, row.content_type, row.body, row.charset).name
    arrival = with_key(read, row.received_at, settings.repeat_window, otherwise=name)
    results = await connection.run_sync(store, [arrival], settings.repeat_window)
    return results[arrival.key]


async def _settle(connection: AsyncConnection, delivery_id: int, result: Result, was: str) -> None:
    values = {
        "delivery_id": delivery_id,
        "was": was,
        "becomes": result.outcome,
        "why": str(result.error) if result.error else None,
        "lead": result.lead["id"] if result.lead else None,
    }
    await connection.execute(_SETTLE, values)


async def reprocess_stale(database: Database, settings: ApiSettings, now: datetime) -> int:
    """Finish what is stored as `received` and nobody is at any more; gives how many there were.

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
        result = await reprocess(database, delivery_id, settings, among=("received",))
    except SQLAlchemyError as error:
        if unavailable(error):
            raise
        # What the database refuses once it refuses always: it must not be in the way of the others.
        log_failure(f"taking up delivery {delivery_id}", error)
        result = Result(error=ContactError("body", "the lead could not be stored"))
        async with database.autocommit.begin() as connection:
            await _settle(connection, delivery_id, result, "received")
    if result is not None:
        logger.warning("delivery %s was left unfinished: %s", delivery_id, result.outcome)
    return result is not None
