"""Deliveries are stored before they are understood, and what a lead said has a fingerprint."""

import sqlalchemy as sa
from alembic import op

from migrations import online

revision = "0006"
down_revision = "0005"

BEFORE = "outcome IN ('stored', 'duplicate', 'probe', 'refused')"
AFTER = "outcome IN ('received', 'stored', 'duplicate', 'probe', 'refused')"
COLUMNS = "id, source, received_at, content_type, body, outcome, error, lead_id"
CHECK = "ck_webhook_deliveries_outcome"


def upgrade() -> None:
    """To this revision."""
    online.add_column("leads", sa.Column("fingerprint", sa.Text()))
    if online.is_postgres():
        online.add_column("webhook_deliveries", sa.Column("charset", sa.Text()))
        online.replace_checks("webhook_deliveries", **{CHECK: AFTER})
    else:
        _rebuild(AFTER, sa.Column("charset", sa.Text()))
    # Of bodies over the limit only a part was stored: those cannot be read anew.
    online.update(
        "webhook_deliveries",
        "charset = 'utf-8'",
        "charset IS NULL AND (error IS NULL OR error NOT LIKE 'the body is %')",
    )
    online.index("ix_webhook_deliveries_outcome_id", "webhook_deliveries", "outcome", "id")


def downgrade() -> None:
    """Back to the one before."""
    op.execute(
        "UPDATE webhook_deliveries SET outcome = 'refused', error = 'not taken up yet'"
        " WHERE outcome = 'received'"
    )
    online.drop_index("ix_webhook_deliveries_outcome_id", "webhook_deliveries")
    if online.is_postgres():
        online.replace_checks("webhook_deliveries", **{CHECK: BEFORE})
        online.drop_column("webhook_deliveries", "charset")
    else:
        _rebuild(BEFORE)
    online.drop_column("leads", "fingerprint")


def _rebuild(check: str, *columns: sa.Column[str]) -> None:
    # SQLite cannot change a CHECK in place.
    op.rename_table("webhook_deliveries", "webhook_deliveries_before")
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        sa.Column("content_type", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("lead_id", sa.Integer()),
        *columns,
        sa.CheckConstraint(check, name=op.f(CHECK)),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.id"], name="fk_webhook_deliveries_lead_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sqlite_autoincrement=True,
    )
    op.execute(
        f"INSERT INTO webhook_deliveries ({COLUMNS}) SELECT {COLUMNS} FROM webhook_deliveries_before"  # noqa: S608
    )
    op.drop_table("webhook_deliveries_before")
    op.create_index("ix_webhook_deliveries_lead_id", "webhook_deliveries", ["lead_id"])
    op.create_index("ix_webhook_deliveries_received_at", "webhook_deliveries", ["received_at"])
