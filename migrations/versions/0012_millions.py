"""What millions of leads need: leases found by their holder, a lead's last message found by the lead."""

import importlib

from alembic import op

from migrations import online

revision = "0012"
down_revision = "0011"

LEASES = "ix_leads_leased_by"
JOIN = (
    "LEFT JOIN messages m ON m.id ="
    " (SELECT MAX(id) FROM messages WHERE lead_id = l.id AND state <> 'cancelled')"
)
# As a join by number PostgreSQL reads all messages, however few leads are looked at.
LATERAL = """LEFT JOIN LATERAL (
    SELECT direction, state, intent, text, created_at
    FROM messages WHERE lead_id = l.id AND state <> 'cancelled' ORDER BY id DESC LIMIT 1
) m ON TRUE"""


def upgrade() -> None:
    """To this revision."""
    online.index(LEASES, "leads", "leased_by", where="leased_by IS NOT NULL")
    if online.is_postgres():
        op.execute(_overview().replace(JOIN, LATERAL).replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))


def downgrade() -> None:
    """Back to the one before."""
    if online.is_postgres():
        op.execute(_overview().replace("CREATE VIEW", "CREATE OR REPLACE VIEW"))
    online.drop_index(LEASES, "leads")


def _overview() -> str:
    """As the revision before left it."""
    view: str = importlib.import_module("migrations.versions.0002_triggers_and_overview")._overview(
        postgres=True
    )
    drafts_too = importlib.import_module("migrations.versions.0007_handoff_and_drafts").DRAFTS_TOO
    return view.replace("m.state = 'queued'", drafts_too)
