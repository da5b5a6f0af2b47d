"""Stores webhook calls that did not bring a lead, as received and with their outcome."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from api.intake.submission import Delivery, Result
from shared.database.engine import Database, answered_within
from shared.database.models import DELIVERIES
from shared.database.timeouts import FORM_SECONDS

_INSERT = insert(DELIVERIES)


async def store_without_lead(database: Database, delivery: Delivery, result: Result | None = None) -> None:
    """Store a delivery without a lead.

    `result` is the reason; without it the outcome is `received`, and the delivery is processed later.
    """
    async with answered_within(FORM_SECONDS), database.autocommit.begin() as connection:
        await connection.execute(_INSERT, _row(delivery, result))


async def store_all(database: Database, calls: Sequence[tuple[Delivery, Result | None]]) -> None:
    """Store several deliveries that created no lead, in one transaction: alone, each waits for the disk."""
    if calls:
        async with database.engine.begin() as connection:
            await connection.execute(_INSERT, [_row(delivery, result) for delivery, result in calls])


def _row(delivery: Delivery, result: Result | None) -> dict[str, Any]:
    return {
        "source": delivery.source,
        "received_at": delivery.received_at,
        "content_type": delivery.content_type,
        "query": delivery.query,
        "idempotency_key": delivery.idempotency_key,
        "body": delivery.body,
        "charset": delivery.charset,
        "outcome": result.outcome if result else "received",
        "error": str(result.error) if result and result.error else None,
        "lead_id": result.lead["id"] if result and result.lead else None,
    }
