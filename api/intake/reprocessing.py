"""Processes stored deliveries that brought no lead again: on request, or after an API process died."""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.bookings import receiving
from api.errors import log_failure
from api.forms.body.raw_body import to_bytes
from api.intake.parsing import parse_call, parse_submissions
from api.intake.store import store
from api.intake.submission import Delivery, Result, with_key
from api.settings import ApiSettings
from shared.contacts import ContactError
from shared.database.engine import Database
from shared.database.faults.error_classes import classify
from shared.database.faults.error_tables import ErrorKind
from shared.database.models import DELIVERIES, WebhookDelivery

logger = logging.getLogger(__name__)

# Outcomes without a lead; processing these deliveries again may bring one.
REPLAYABLE = ("received", "refused", "probe")
# Younger deliveries may still be in process where they were received.
STALE_AFTER = timedelta(seconds=30)
BATCH_SIZE = 200
# The reason under which earlier versions refused deliveries, also when only the database was at fault.
MISTAKEN = "the lead could not be stored"
NOT_STORABLE = "the database cannot store what the call says"


def is_replayable(delivery: WebhookDelivery) -> bool:
    """Return True if processing the delivery again may bring a lead."""
    return delivery.outcome in REPLAYABLE and not delivery.source.startswith(receiving.PREFIX)


_CLAIM = (
    # Changes nothing but locks the row: a second process waits, and then sees the new outcome.
    update(DELIVERIES)
    .where(
        DELIVERIES.c.id == bindparam("delivery_id"),
        DELIVERIES.c.outcome.in_(bindparam("outcomes", expanding=True)),
        # A call about a booking is no form; its reason stays.
        DELIVERIES.c.source.not_like(f"{receiving.PREFIX}%"),
    )
    .values(outcome=DELIVERIES.c.outcome)
    .returning(*DELIVERIES.c)
)
_RECORD = (
    update(DELIVERIES)
    .where(DELIVERIES.c.id == bindparam("delivery_id"), DELIVERIES.c.outcome == bindparam("was"))
    .values(outcome=bindparam("becomes"), error=bindparam("why"), lead_id=bindparam("lead"))
)


async def reprocess(
    database: Database, delivery_id: int, settings: ApiSettings, *, outcomes: tuple[str, ...]
) -> Result | None:
    """Process a stored delivery again if it has one of these `outcomes`; otherwise return None."""
    async with database.engine.begin() as connection:
        claim = {"delivery_id": delivery_id, "outcomes": outcomes}
        row = (await connection.execute(_CLAIM, claim)).first()
        if row is None:
            return None
        result = await _process(connection, row, settings)
        await _record(connection, row.id, result, row.outcome)
        return result


async def _process(connection: AsyncConnection, row: Row[Any], settings: ApiSettings) -> Result:
    if row.charset is None:
        return Result(error=ContactError("body", row.error or "only a part of the body is stored"))
    delivery = Delivery(
        *(row.source, row.received_at, row.content_type, row.body, row.charset),
        *(row.query, row.idempotency_key),
    )
    call = parse_call(to_bytes(row.body, row.charset), row.content_type, row.query or "")
    result = Result()
    # Several people are stored as several deliveries, unless a crash left the call unparsed.
    for own, parsed in parse_submissions(call, delivery, settings):
        if isinstance(parsed, Result):
            result = result if result.lead else parsed
            continue
        arrival = with_key(parsed, row.received_at, settings.repeat_window, fallback=own.key)
        stored = await connection.run_sync(store, [arrival], settings.repeat_window)
        result = result if result.lead and result.created else stored[arrival.key]
    return result


async def _record(connection: AsyncConnection, delivery_id: int, result: Result, was: str) -> None:
    values = {
        "delivery_id": delivery_id,
        "was": was,
        "becomes": result.outcome,
        "why": str(result.error) if result.error else None,
        "lead": result.lead["id"] if result.lead else None,
    }
    await connection.execute(_RECORD, values)


async def take_up_mistaken(database: Database) -> int:
    """Make deliveries `received` again that an earlier version refused for MISTAKEN; return their number."""
    statement = (
        update(DELIVERIES)
        .where(DELIVERIES.c.outcome == "refused", DELIVERIES.c.error == MISTAKEN)
        .values(outcome="received", error=None)
    )
    async with database.engine.begin() as connection:
        taken_up = (await connection.execute(statement)).rowcount
    if taken_up:
        logger.warning("%s deliveries are taken up again that were refused by mistake", taken_up)
    return taken_up


async def reprocess_stale(database: Database, settings: ApiSettings, now: datetime) -> int:
    """Process deliveries that were left as `received` for longer than STALE_AFTER; return their number.

    Any number of processes may run this at once. Raises the database's error if it is away.
    """
    stale = (
        select(DELIVERIES.c.id)
        .where(
            DELIVERIES.c.outcome == "received",
            DELIVERIES.c.received_at < now - STALE_AFTER,
            # A delivery that could not be processed stays where it is, and does not block the others.
            DELIVERIES.c.id > bindparam("after"),
        )
        .order_by(DELIVERIES.c.id)
        .limit(BATCH_SIZE)
    )
    processed, after = 0, 0
    while True:
        async with database.reading() as session:
            connection = await session.connection()
            ids = (await connection.execute(stale, {"after": after})).scalars().all()
        for delivery_id in ids:
            processed += await _reprocess_or_refuse(database, delivery_id, settings)
        if len(ids) < BATCH_SIZE:
            return processed
        after = ids[-1]


async def _reprocess_or_refuse(database: Database, delivery_id: int, settings: ApiSettings) -> bool:
    """Process one delivery; refuse it only for what it says itself. Returns True if it is processed."""
    try:
        result = await _reprocess_twice(database, delivery_id, settings)
    except Exception as error:  # one delivery must not stop those after it
        fault = classify(error)
        if fault.is_away:
            raise
        log_failure(f"reprocessing delivery {delivery_id}", error)
        if fault.kind is not ErrorKind.ROW:
            # A bug of this program: the next version may process it.
            return False
        # The database would refuse it every time.
        result = Result(error=ContactError("body", NOT_STORABLE))
        async with database.autocommit.begin() as connection:
            await _record(connection, delivery_id, result, "received")
    if result is not None:
        logger.warning("delivery %s was left unfinished: %s", delivery_id, result.outcome)
    return result is not None


async def _reprocess_twice(database: Database, delivery_id: int, settings: ApiSettings) -> Result | None:
    try:
        return await reprocess(database, delivery_id, settings, outcomes=("received",))
    except IntegrityError:
        # The lead that this repeats may have been erased at the same moment.
        return await reprocess(database, delivery_id, settings, outcomes=("received",))
