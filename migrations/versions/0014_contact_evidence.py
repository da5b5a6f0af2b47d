"""How surely a contact was read from a form; the query string and the id of a webhook call."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from migrations import online

revision = "0014"
down_revision = "0013"

EVIDENCE, PHONE_ERROR = "contact_evidence", "phone_error"
QUERY, IDEMPOTENCY_KEY = "query", "idempotency_key"
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """To this revision. PostgreSQL stores a constant default once, not in every row."""
    online.add_column("leads", sa.Column(EVIDENCE, JSON, nullable=False, server_default="{}"))
    online.add_column("leads", sa.Column(PHONE_ERROR, sa.Text(), nullable=True))
    online.commit()
    online.add_column("webhook_deliveries", sa.Column(QUERY, sa.Text(), nullable=True))
    online.add_column("webhook_deliveries", sa.Column(IDEMPOTENCY_KEY, sa.Text(), nullable=True))


def downgrade() -> None:
    """Back to the one before."""
    online.drop_column("webhook_deliveries", IDEMPOTENCY_KEY)
    online.drop_column("webhook_deliveries", QUERY)
    online.commit()
    online.drop_column("leads", PHONE_ERROR)
    online.drop_column("leads", EVIDENCE)
