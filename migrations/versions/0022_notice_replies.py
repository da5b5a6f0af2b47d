"""The Telegram ids of the owner's notices, so that a reply to one is a command about its lead."""

import sqlalchemy as sa

from migrations import online

revision = "0022"
down_revision = "0021"

BY_MESSAGE = "ix_owner_notices_account_id_message_id"


def upgrade() -> None:
    """To this revision."""
    online.add_column("owner_notices", sa.Column("message_id", sa.BigInteger(), nullable=True))
    online.index(BY_MESSAGE, "owner_notices", "account_id", "message_id", where="message_id IS NOT NULL")
    in_chat: sa.Column[bool] = sa.Column(
        "in_owner_chat", sa.Boolean(), nullable=False, server_default=sa.text("false")
    )
    online.add_column("owner_messages", in_chat)


def downgrade() -> None:
    """Back to the one before."""
    online.drop_column("owner_messages", "in_owner_chat")
    online.drop_index(BY_MESSAGE, "owner_notices")
    online.drop_column("owner_notices", "message_id")
