"""Stores webhook calls that did not bring a lead, as received and with their outcome."""

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
    row = {
        "source": delivery.source,
        "received_at": delivery.received_at,
        "content_type": delivery.content_type,
        "query": delivery.query,
        "idempotency_key": delivery.idempotency_key,
        "body": delivery.body,
        "charset": delivery.charset,
        "outcome": result.outcome if result else "received",
        "error": str(result.error) if result and result.error else None,
    }
    async with answered_within(FORM_SECONDS), database.autocommit.begin() as connection:
        await connection.execute(_INSERT, row)
