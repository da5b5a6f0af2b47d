"""The tables of webhook deliveries and of the used parts of rate limits."""

from datetime import datetime
from typing import get_args

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Column, Field, SQLModel

from shared.database.columns import NEVER_REUSE_IDS, moment, number, one_of, reference, row_id, text_field
from shared.statuses import DeliveryOutcome


class WebhookDelivery(SQLModel, table=True):
    """A webhook call as received, and its outcome; `received` until it is parsed."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(one_of("outcome", get_args(DeliveryOutcome)), name="outcome"),
        Index("ix_webhook_deliveries_lead_id", "lead_id"),
        Index("ix_webhook_deliveries_outcome_id", "outcome", "id"),
        Index("ix_webhook_deliveries_received_at", "received_at"),
        NEVER_REUSE_IDS,
    )

    id: int = row_id()
    source: str = text_field(nullable=False)
    received_at: datetime = moment(default_now=True)
    content_type: str | None = text_field()
    # The query string of the call; secrets are masked.
    query: str | None = text_field()
    # The sender's own id of the submission, from a header.
    idempotency_key: str | None = text_field()
    # Text, so that psql shows it. `charset` restores the bytes; NULL means that the body is incomplete.
    body: str = text_field(nullable=False)
    charset: str | None = text_field()
    outcome: str = text_field(nullable=False)
    error: str | None = text_field()
    lead_id: int | None = reference("leads.id", nullable=True, ondelete="SET NULL")


class RateLimit(SQLModel, table=True):
    """The used part of a rate limit in the minute that began at `minute`; `key` is a hash of the caller."""

    __tablename__ = "rate_limits"

    key: str = Field(sa_column=Column(Text(), primary_key=True))
    minute: datetime = moment()
    used: int = number(nullable=False)
