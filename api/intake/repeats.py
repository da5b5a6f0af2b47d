"""A submission in its own transaction: it is a new lead, or repeats one that is known by its key."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, bindparam, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.intake.arrival import KeyedSubmission, Result
from api.intake.batches import KNOWN, LEADS, new
from api.intake.new_leads import insert_new

T = TypeVar("T")

_RETIRE = (
    update(LEADS)
    .where(LEADS.c.id == bindparam("lead_id"), LEADS.c.source_key == bindparam("old_key"))
    .values(source_key=bindparam("new_key"))
)


async def submit(connection: AsyncConnection, arrival: KeyedSubmission, window: timedelta) -> Result:
    """The lead of a submission, stored with its delivery if it is new.

    `window`: for how long a submission that is known by its fingerprint alone counts as a repeat. It came
    `arrival.at`, which for one that is taken up later is in the past.
    """
    own, now = arrival.submission, arrival.at
    while True:
        if (lead_id := (await connection.run_sync(insert_new, [arrival])).get(arrival.key)) is not None:
            return new(arrival, lead_id)
        source, key = arrival.key
        row = (await connection.execute(KNOWN, {"source": source, "source_key": key})).first()
        if row is None:
            # Deleted between the two statements: then it is new after all.
            continue
        if arrival.is_repeat_of(row.created_at, window):
            return Result(dict(row._mapping))
        if row.created_at < now:
            await _retire(connection, row)
        else:
            arrival = replace(arrival, submission=replace(own, key=f"{own.key}@{now.isoformat()}"))


async def _retire(connection: AsyncConnection, row: Row[Any]) -> None:
    """Let a fingerprint go to the next lead. Whoever loses the race for it finds that next lead."""
    keys = {"old_key": row.source_key, "new_key": f"{row.source_key}@{row.created_at.isoformat()}"}
    await connection.execute(_RETIRE, {"lead_id": row.id, **keys})


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
