"""Indexes for the console's lists among millions of leads: recently given up, and an account's leads."""

from migrations import online

revision = "0021"
down_revision = "0020"

GIVEN_UP = "ix_leads_given_up"
ACCOUNT = "ix_leads_account_id_id"


def upgrade() -> None:
    """To this revision."""
    online.index(GIVEN_UP, "leads", "updated_at", where="status IN ('failed', 'unreachable')")
    online.index(ACCOUNT, "leads", "account_id", "id", where="account_id IS NOT NULL")


def downgrade() -> None:
    """Back to the one before."""
    online.drop_index(ACCOUNT, "leads")
    online.drop_index(GIVEN_UP, "leads")
