"""What the owner is told of by itself: leads, accounts, the model, the morning summary."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "owner_notices",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("account_id", BIG),
        sa.Column("lead_id", BIG),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("random_id", sa.BigInteger()),
        _moment("due_at"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        _moment("sent_at"),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'failed')", name=op.f("ck_owner_notices_state")
        ),
        sa.CheckConstraint(
            "state <> 'sending' OR random_id IS NOT NULL", name=op.f("ck_owner_notices_identity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["telegram_accounts.id"], name="fk_owner_notices_account_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.id"], name="fk_owner_notices_lead_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_owner_notices"),
        sa.UniqueConstraint("key", name="uq_owner_notices_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_owner_notices_open", "owner_notices", ["state", "id"], postgresql_where=OPEN, sqlite_where=OPEN
    )
    op.create_index("ix_owner_notices_sent_at", "owner_notices", ["sent_at"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("owner_notices")


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))
