"""Webhook calls as evidence: each is stored as it came, with what became of it."""

from typing import Any

from sqlalchemy import Table, and_, bindparam, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from api.intake.arrival import Delivery, Result
from shared.database.engine import Database
from shared.database.models import WebhookDelivery

DELIVERIES: Table = SQLModel.metadata.tables[str(WebhookDelivery.__tablename__)]

_INSERT = insert(DELIVERIES)
_COLUMNS = ("source", "received_at", "content_type", "body", "charset", "outcome", "error", "lead_id")
_VALUES = [bindparam(name, type_=DELIVERIES.c[name].type) for name in _COLUMNS]
# Over a lost connection this may be the second try, and the first may have been committed.
_IS_RECORDED = exists().where(
    and_(
        DELIVERIES.c.lead_id == bindparam("lead_id"),
        DELIVERIES.c.received_at == bindparam("received_at"),
        DELIVERIES.c.body == bindparam("body"),
    )
)
_INSERT_ONCE = insert(DELIVERIES).from_select(_COLUMNS, select(*_VALUES).where(~_IS_RECORDED))


async def store_without_lead(database: Database, delivery: Delivery, result: Result | None = None) -> None:
    """Store a delivery that brought no lead, because of `result` or because it is still to be understood."""
    async with database.autocommit.begin() as connection:
        await connection.execute(_INSERT, _row(delivery, result))


async def record(connection: AsyncConnection, delivery: Delivery, result: Result) -> None:
    """Store a delivery with the lead that it was about, once."""
    await connection.execute(_INSERT_ONCE, _row(delivery, result))


def _row(delivery: Delivery, result: Result | None) -> dict[str, Any]:
    return {
        "source": delivery.source,
        "received_at": delivery.received_at,
        "content_type": delivery.content_type,
        "body": delivery.body,
        "charset": delivery.charset,
        "outcome": result.outcome if result else "received",
        "error": str(result.error) if result and result.error else None,
        "lead_id": result.lead["id"] if result and result.lead else None,
    }
