"""The owner's pause of first messages or of all messages."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "sending_pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sending_pause_one_row")),
        sa.CheckConstraint("scope IN ('first_messages', 'all')", name=op.f("ck_sending_pause_scope")),
        sa.PrimaryKeyConstraint("id", name="pk_sending_pause"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("sending_pause")
