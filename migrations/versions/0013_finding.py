"""Whoever is looked for is found without reading all leads: by contact, by Telegram id, by part of a name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from migrations import online

revision = "0013"
down_revision = "0012"

# With the person first it serves all accounts, and a lead of whom nobody is known yet costs nothing.
PERSON, OF_ACCOUNT = "ix_leads_telegram_user_id_account_id", "ix_leads_account_id_telegram_user_id"
RUNNING, USERNAME = "ix_leads_running_due_at", "ix_leads_lower_username"
TRIGRAMS = ", ".join(f"{column} gin_trgm_ops" for column in ("name", "username", "phone", "phone_e164"))


def upgrade() -> None:
    """To this revision."""
    # By the letters, so that the beginning of a phone is found by it too, in every locale.
    beginning = "phone_e164 text_pattern_ops" if online.is_postgres() else "phone_e164"
    online.index("ix_leads_phone_e164", "leads", sa.text(beginning), where="phone_e164 IS NOT NULL")
    # Of all leads: what PostgreSQL knows of a part of them it does not use in its plans.
    online.index(USERNAME, "leads", sa.text("lower(username)"))
    online.index("ix_leads_duplicate_of", "leads", "duplicate_of", where="duplicate_of IS NOT NULL")
    online.index(PERSON, "leads", "telegram_user_id", "account_id", where="telegram_user_id IS NOT NULL")
    online.drop_index(OF_ACCOUNT, "leads")
    online.index(RUNNING, "leads", "due_at", where="due_at IS NOT NULL AND status <> 'pending'")
    online.index("ix_messages_drafts", "messages", "id", where="state = 'draft'")
    online.index("ix_lead_events_scheduled", "lead_events", "at", where="to_status = 'scheduled'")
    truth = "true" if online.is_postgres() else "1"
    online.index(
        "ix_telegram_people_contacts", "telegram_people", "account_id", where=f"is_contact IS {truth}"
    )
    online.index("ix_owner_notices_lead_id", "owner_notices", "lead_id", where="lead_id IS NOT NULL")
    if online.is_postgres() and _has_trigrams():
        online.index(online.SEARCH, "leads", sa.text(TRIGRAMS), using="gin")
    if online.is_postgres():
        # What an index computes has no statistics until then.
        op.execute("ANALYZE leads")


def downgrade() -> None:
    """Back to the one before. The extension stays: somebody else may use it."""
    online.index(OF_ACCOUNT, "leads", "account_id", "telegram_user_id")
    online.drop_index(online.SEARCH, "leads")
    online.drop_index("ix_owner_notices_lead_id", "owner_notices")
    online.drop_index("ix_telegram_people_contacts", "telegram_people")
    online.drop_index("ix_lead_events_scheduled", "lead_events")
    online.drop_index("ix_messages_drafts", "messages")
    for name in (RUNNING, PERSON, "ix_leads_duplicate_of", USERNAME, "ix_leads_phone_e164"):
        online.drop_index(name, "leads")


def _has_trigrams() -> bool:
    """Whether the server has pg_trgm, which Debian puts into postgresql-contrib and some leave out."""
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError:
        return False
    return True
