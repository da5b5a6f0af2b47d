"""Bookings with their history, planned messages, connections to schedulers."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import online

revision = "0020"
down_revision = "0019"

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
COLUMNS = ("booking_token", "meeting_at", "meeting_url")
TOKEN, WITHOUT_PLAN = "uq_leads_booking_token", "ix_leads_without_plan"
# The table after those that reference it.
TABLES = ("planned_messages", "booking_events", "bookings", "booking_connections")
MAY_NEED_A_PLAN = (
    "follow_up_at IS NULL AND due_at IS NULL AND status IN ('contacted', 'engaged', 'scheduled')"
)
# What people had asked for before this table existed.
REQUESTED = """
INSERT INTO planned_messages (lead_id, kind, key, state, send_at, after_message_id)
SELECT id, 'requested', 'requested:' || id || ':' || follow_up_at, 'planned', follow_up_at,
    COALESCE((SELECT MAX(m.id) FROM messages m WHERE m.lead_id = leads.id), 0)
FROM leads WHERE follow_up_at IS NOT NULL
"""
STILL_REQUESTED = """
SELECT MIN(p.send_at) FROM planned_messages p
WHERE p.lead_id = leads.id AND p.kind = 'requested' AND p.state = 'planned'
"""


def upgrade() -> None:
    """To this revision."""
    online.add_column("leads", sa.Column("booking_token", sa.Text()))
    online.add_column("leads", sa.Column("meeting_at", sa.DateTime(timezone=True)))
    online.add_column("leads", sa.Column("meeting_url", sa.Text()))
    online.index(TOKEN, "leads", "booking_token", where="booking_token IS NOT NULL", unique=True)
    online.index(WITHOUT_PLAN, "leads", "updated_at", where=MAY_NEED_A_PLAN)
    # All tables are created in one transaction, so there are all or none.
    if not online.has_table(TABLES[0]):
        _bookings()
        _planned_messages()
        _connections()
    # References lock `leads` against writers until the commit, so nothing long comes before it.
    online.commit()
    # No program of this revision has run yet: all rows are of an interrupted attempt.
    op.execute("DELETE FROM planned_messages")
    online.in_batches("leads", REQUESTED)


def downgrade() -> None:
    """Back to the one before. Before, `follow_up_at` was only what a person had asked for."""
    online.update("leads", f"follow_up_at = ({STILL_REQUESTED})", "follow_up_at IS NOT NULL")
    for index in (TOKEN, WITHOUT_PLAN):
        online.drop_index(index, "leads")
    for table in TABLES:
        op.drop_table(table)
    for column in COLUMNS:
        online.drop_column("leads", column)


def _bookings() -> None:
    op.create_table(
        "bookings",
        _id(),
        sa.Column("lead_id", BIG),
        *_texts("source", "external_id", nullable=False),
        sa.Column("state", sa.Text(), server_default="booked", nullable=False),
        _moment("start_at", nullable=True),
        _moment("end_at", nullable=True),
        *_texts("timezone", "url", "reschedule_url", "cancel_url", "token", "name", "email", "phone"),
        *_texts("moved_from", "moved_to", "cancelled_by", "reason"),
        _moment("no_show_at", nullable=True),
        _moment("created_at", default_now=True),
        _moment("updated_at", default_now=True),
        sa.CheckConstraint(
            "state IN ('booked', 'moved', 'cancelled', 'no_show')", name=op.f("ck_bookings_state")
        ),
        _reference("bookings", "lead_id", "leads"),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
        sa.UniqueConstraint("source", "external_id", name="uq_bookings_source_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bookings_lead_id", "bookings", ["lead_id"])
    _partial_index("ix_bookings_unmatched", "bookings", ["id"], "lead_id IS NULL")
    _partial_index("ix_bookings_moved_from", "bookings", ["source", "moved_from"], "moved_from IS NOT NULL")
    op.create_table(
        "booking_events",
        _id(),
        sa.Column("booking_id", BIG, nullable=False),
        *_texts("key", "kind", "actor", nullable=False),
        _moment("at"),
        sa.Column("details", JSON, server_default="{}", nullable=False),
        _moment("stored_at", default_now=True),
        _reference("booking_events", "booking_id", "bookings"),
        sa.PrimaryKeyConstraint("id", name="pk_booking_events"),
        sa.UniqueConstraint("key", name="uq_booking_events_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_booking_events_booking_id_id", "booking_events", ["booking_id", "id"])


def _planned_messages() -> None:
    op.create_table(
        "planned_messages",
        _id(),
        sa.Column("lead_id", BIG, nullable=False),
        sa.Column("booking_id", BIG),
        *_texts("kind", "key", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        _moment("send_at"),
        _moment("expires_at", nullable=True),
        sa.Column("step", sa.Integer()),
        *_texts("text"),
        sa.Column("after_message_id", sa.BigInteger()),
        *_texts("reason", "actor"),
        _moment("created_at", default_now=True),
        _moment("ended_at", nullable=True),
        sa.CheckConstraint(
            "kind IN ('requested', 'follow_up', 'close', 'confirmation', 'reminder_day', 'reminder_hour',"
            " 'cancellation', 'no_show')",
            name=op.f("ck_planned_messages_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'queued', 'done', 'cancelled')", name=op.f("ck_planned_messages_state")
        ),
        _reference("planned_messages", "lead_id", "leads"),
        _reference("planned_messages", "booking_id", "bookings"),
        sa.PrimaryKeyConstraint("id", name="pk_planned_messages"),
        sa.UniqueConstraint("key", name="uq_planned_messages_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_planned_messages_lead_id_id", "planned_messages", ["lead_id", "id"])
    _partial_index(
        "ix_planned_messages_booking_id", "planned_messages", ["booking_id"], "booking_id IS NOT NULL"
    )
    _partial_index(
        "ix_planned_messages_planned", "planned_messages", ["lead_id", "send_at"], "state = 'planned'"
    )


def _connections() -> None:
    op.create_table(
        "booking_connections",
        sa.Column("source", sa.Text(), nullable=False),
        *_texts("callback_url", "signing_key", "subscription", "user_uri", "organization_uri", "state"),
        _moment("checked_at", nullable=True),
        _moment("polled_at", nullable=True),
        *_texts("error"),
        _moment("updated_at", default_now=True),
        sa.PrimaryKeyConstraint("source", name="pk_booking_connections"),
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", BIG, nullable=False)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _moment(name: str, *, nullable: bool = False, default_now: bool = False) -> sa.Column[Any]:
    default = sa.text("CURRENT_TIMESTAMP") if default_now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
