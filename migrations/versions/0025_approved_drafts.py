"""When a draft was approved: a message that was never a draft cannot be approved."""

import sqlalchemy as sa

from migrations import online

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """To this revision."""
    online.add_column("messages", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back to the one before."""
    online.drop_column("messages", "approved_at")
