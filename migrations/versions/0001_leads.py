"""Leads, messages, events, accounts and deliveries."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

STATUSES = (
    "'pending', 'resolved', 'contacted', 'engaged', 'scheduled', 'booked', 'rejected', 'no_reply',"
    " 'unreachable', 'failed', 'handed_off'"
)
INTENTS = "'accept', 'reject', 'question', 'ambiguous'"


def upgrade() -> None:
    """To this revision."""
    _telegram_accounts()
    _leads()
    _messages()
    _lead_events()
    _webhook_deliveries()


def downgrade() -> None:
    """Back to an empty database."""
    for table in ("webhook_deliveries", "lead_events", "messages", "leads", "telegram_accounts"):
        op.drop_table(table)


def _telegram_accounts() -> None:
    op.create_table(
        "telegram_accounts",
        _id(),
        sa.Column("telegram_user_id", sa.BigInteger(), nullable=False),
        _text("session_name", nullable=False),
        _text("username"),
        _text("state", nullable=False, server_default="active"),
        _text("state_reason"),
        _text("held_by"),
        _moment("held_until"),
        _moment("next_outreach_at"),
        _moment("next_lookup_at"),
        _now("created_at"),
        _now("updated_at"),
        _check("telegram_accounts", "state", "state IN ('active', 'limited', 'needs_login', 'banned')"),
        sa.PrimaryKeyConstraint("id", name="pk_telegram_accounts"),
        sa.UniqueConstraint("telegram_user_id", name="uq_telegram_accounts_telegram_user_id"),
        sqlite_autoincrement=True,
    )


def _leads() -> None:
    op.create_table(
        "leads",
        _id(),
        _text("name", nullable=False),
        _text("phone"),
        _text("phone_e164"),
        _text("username"),
        _text("source", nullable=False),
        _text("source_key"),
        _text("status", nullable=False, server_default="pending"),
        _now("due_at", nullable=True),
        _text("leased_by"),
        _moment("leased_until"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost_leases", sa.Integer(), server_default="0", nullable=False),
        _text("last_error"),
        sa.Column("telegram_user_id", sa.BigInteger()),
        sa.Column("access_hash", sa.BigInteger()),
        sa.Column("account_id", _big()),
        _text("resolved_via"),
        _text("username_error"),
        sa.Column("duplicate_of", _big()),
        sa.Column(
            "extra",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            server_default="{}",
            nullable=False,
        ),
        _now("created_at"),
        _now("updated_at"),
        _check("leads", "status", f"status IN ({STATUSES})"),
        _check("leads", "contact", "phone IS NOT NULL OR username IS NOT NULL"),
        _check("leads", "resolved_via", "resolved_via IN ('username', 'phone')"),
        _reference("leads", "account_id", "telegram_accounts.id", "SET NULL"),
        _reference("leads", "duplicate_of", "leads.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sqlite_autoincrement=True,
    )
    _index("uq_leads_source_source_key", "leads", "source", "source_key", where="source_key IS NOT NULL")
    _index("ix_leads_due_at", "leads", "due_at", where="due_at IS NOT NULL")
    _index(
        "uq_leads_open_conversation",
        "leads",
        "account_id",
        "telegram_user_id",
        where="status IN ('contacted', 'engaged', 'resolved', 'scheduled')",
    )
    _index("ix_leads_account_id_telegram_user_id", "leads", "account_id", "telegram_user_id")
    _index("ix_leads_status_id", "leads", "status", "id")
    _index("ix_leads_created_at", "leads", "created_at")


def _messages() -> None:
    op.create_table(
        "messages",
        _id(),
        sa.Column("lead_id", _big(), nullable=False),
        sa.Column("account_id", _big()),
        _text("direction", nullable=False),
        _text("kind", nullable=False),
        _text("text", nullable=False),
        _text("key"),
        sa.Column("random_id", sa.BigInteger()),
        sa.Column("telegram_message_id", sa.BigInteger()),
        _text("state", nullable=False),
        _text("intent"),
        _text("next_status"),
        _now("created_at"),
        _moment("released_at"),
        _moment("sent_at"),
        _text("error"),
        _check(
            "messages",
            "direction_kind_state",
            "direction = 'in' AND kind = 'reply' AND state IN ('received', 'handled')"
            " OR direction = 'out' AND kind IN ('greeting', 'answer', 'clarification', 'apology', 'link',"
            " 'follow_up', 'human') AND state IN ('queued', 'sent', 'failed', 'cancelled')",
        ),
        _check("messages", "identity", "direction = 'in' OR state = 'cancelled' OR random_id IS NOT NULL"),
        _check("messages", "intent", f"intent IN ({INTENTS})"),
        _check("messages", "next_status", f"next_status IN ({STATUSES})"),
        _reference("messages", "lead_id", "leads.id", "CASCADE"),
        _reference("messages", "account_id", "telegram_accounts.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("key", name="uq_messages_key"),
        sa.UniqueConstraint("random_id", name="uq_messages_random_id"),
        sa.UniqueConstraint(
            "account_id", "telegram_message_id", name="uq_messages_account_id_telegram_message_id"
        ),
        sqlite_autoincrement=True,
    )
    _index("ix_messages_lead_id_id", "messages", "lead_id", "id")
    _index("ix_messages_outbox", "messages", "lead_id", "id", where="state = 'queued'")
    _index("ix_messages_inbox", "messages", "lead_id", "id", where="state = 'received'")


def _lead_events() -> None:
    op.create_table(
        "lead_events",
        _id(),
        sa.Column("lead_id", _big(), nullable=False),
        _text("from_status"),
        _text("to_status", nullable=False),
        _text("reason"),
        _text("actor", nullable=False),
        _now("at"),
        _check("lead_events", "from_status", f"from_status IN ({STATUSES})"),
        _check("lead_events", "to_status", f"to_status IN ({STATUSES})"),
        _reference("lead_events", "lead_id", "leads.id", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_lead_events"),
        sqlite_autoincrement=True,
    )
    _index("ix_lead_events_lead_id_id", "lead_events", "lead_id", "id")


def _webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        _id(),
        _text("source", nullable=False),
        _now("received_at"),
        _text("content_type"),
        _text("body", nullable=False),
        _text("outcome", nullable=False),
        _text("error"),
        sa.Column("lead_id", _big()),
        _check("webhook_deliveries", "outcome", "outcome IN ('stored', 'duplicate', 'probe', 'refused')"),
        _reference("webhook_deliveries", "lead_id", "leads.id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sqlite_autoincrement=True,
    )
    _index("ix_webhook_deliveries_lead_id", "webhook_deliveries", "lead_id")
    _index("ix_webhook_deliveries_received_at", "webhook_deliveries", "received_at")


def _big() -> sa.types.TypeEngine[int]:
    # SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", _big(), nullable=False)


def _text(name: str, *, nullable: bool = True, server_default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=server_default)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _now(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=nullable
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _reference(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=ondelete)


def _index(name: str, table: str, *columns: str, where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        name,
        table,
        list(columns),
        unique=name.startswith("uq_"),
        postgresql_where=condition,
        sqlite_where=condition,
    )
