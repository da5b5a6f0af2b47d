"""The question of a person that a colleague was promised to answer."""

import sqlalchemy as sa

from migrations import online

revision = "0016"
down_revision = "0015"

COLUMN = "open_question"


def upgrade() -> None:
    """To this revision."""
    online.add_column("leads", sa.Column(COLUMN, sa.Text(), nullable=True))


def downgrade() -> None:
    """Back to the one before."""
    online.drop_column("leads", COLUMN)
