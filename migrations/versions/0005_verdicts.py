"""What a message rests on, what the model took for it, and why a lead moves on with it."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "next_reason": sa.Text(),
    "confidence": sa.Double(),
    "facts": JSON,
    "refused": sa.Text(),
    "model": sa.Text(),
    "model_calls": sa.Integer(),
    "tokens_in": sa.Integer(),
    "tokens_cached": sa.Integer(),
    "tokens_out": sa.Integer(),
    "cost_usd": sa.Double(),
    "latency_ms": sa.Integer(),
}


def upgrade() -> None:
    """To this revision."""
    for name, kind in COLUMNS.items():
        op.add_column("messages", sa.Column(name, kind))


def downgrade() -> None:
    """Back to the one before."""
    for name in reversed(COLUMNS):
        op.drop_column("messages", name)
