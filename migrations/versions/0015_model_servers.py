"""Language models: the form of request that works, the last qualification, which provider is in use."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "model_servers",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("wire_form", sa.Text()),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("limit_tokens", sa.Integer()),
        _moment("works_since"),
        sa.Column("role", sa.Text()),
        _moment("out_since"),
        sa.Column("out_reason", sa.Text()),
        sa.Column("in_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("figures", JSON),
        sa.Column("prompt_version", sa.Text()),
        _moment("qualified_at"),
        _moment("qualifying_until"),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
        ),
        sa.CheckConstraint("role IN ('first', 'second')", name=op.f("ck_model_servers_role")),
        sa.PrimaryKeyConstraint("host", "model", name="pk_model_servers"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("model_servers")


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))
