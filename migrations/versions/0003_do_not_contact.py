"""The do-not-contact list and the key of its marks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "do_not_contact_key",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_do_not_contact_key_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_do_not_contact_key"),
    )
    op.create_table(
        "do_not_contact",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        sa.Column("lead_id", BIG),
        sa.CheckConstraint("kind IN ('phone', 'username', 'telegram')", name=op.f("ck_do_not_contact_kind")),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["leads.id"], name="fk_do_not_contact_lead_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_do_not_contact"),
        sa.UniqueConstraint("hash", name="uq_do_not_contact_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_do_not_contact_lead_id", "do_not_contact", ["lead_id"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("do_not_contact")
    op.drop_table("do_not_contact_key")
