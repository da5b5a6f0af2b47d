"""The tables of what the owner is told: answers to commands, and notices of what happens."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from shared.database.columns import (
    NEVER_REUSE_IDS,
    moment,
    number,
    one_of,
    partial_index,
    reference,
    row_id,
    text_field,
)


class OwnerMessage(SQLModel, table=True):
    """What the worker tells the owner in the account's own Saved Messages; empty once it is there."""

    __tablename__ = "owner_messages"
    __table_args__ = (
        UniqueConstraint("account_id", "answers"),
        UniqueConstraint("random_id"),
        partial_index("ix_owner_messages_queued", "account_id", "id", where="sent_at IS NULL"),
        NEVER_REUSE_IDS,
    )

    id: int | None = row_id()
    account_id: int = reference("telegram_accounts.id")
    # Telegram's number of the command that this answers.
    answers: int | None = number()
    text: str = text_field(nullable=False)
    random_id: int = number(nullable=False)
    created_at: datetime = moment(default_now=True)
    sent_at: datetime | None = moment(nullable=True)


class OwnerNotice(SQLModel, table=True):
    """One thing that the owner is to know of; several go in one message, which `random_id` stands for.

    `waiting` for its message, `sending` once that has its identity, then `sent` and empty, or `failed`.
    """

    __tablename__ = "owner_notices"
    __table_args__ = (
        CheckConstraint(one_of("state", ("waiting", "sending", "sent", "failed")), name="state"),
        CheckConstraint("state <> 'sending' OR random_id IS NOT NULL", name="identity"),
        UniqueConstraint("key"),
        partial_index("ix_owner_notices_open", "state", "id", where="state IN ('waiting', 'sending')"),
        Index("ix_owner_notices_sent_at", "sent_at"),
        partial_index("ix_owner_notices_lead_id", "lead_id", where="lead_id IS NOT NULL"),
        NEVER_REUSE_IDS,
    )

    id: int | None = row_id()
    # What it tells of, such as `event:17`: nothing is told twice.
    key: str = text_field(nullable=False)
    text: str = text_field(nullable=False)
    # Whose message it is: of the lead's account, or of whichever comes first.
    account_id: int | None = reference("telegram_accounts.id", nullable=True, ondelete="SET NULL")
    # With an erased lead goes what was to be told of them.
    lead_id: int | None = reference("leads.id", nullable=True)
    state: str = text_field(nullable=False, default="waiting")
    random_id: int | None = number()
    # Not to be sent before then, by Telegram's word.
    due_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment(default_now=True)
    sent_at: datetime | None = moment(nullable=True)
    error: str | None = text_field()
