"""What the worker tells the owner in Saved Messages, each answer once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
QUEUED = sa.text("sent_at IS NULL")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "owner_messages",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("answers", sa.BigInteger()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("random_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["account_id"], ["telegram_accounts.id"], name="fk_owner_messages_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_owner_messages"),
        sa.UniqueConstraint("account_id", "answers", name="uq_owner_messages_account_id_answers"),
        sa.UniqueConstraint("random_id", name="uq_owner_messages_random_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_owner_messages_queued",
        "owner_messages",
        ["account_id", "id"],
        postgresql_where=QUEUED,
        sqlite_where=QUEUED,
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("owner_messages")
