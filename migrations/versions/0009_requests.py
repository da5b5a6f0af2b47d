"""A new form by somebody whose conversation is open stands in that conversation."""

import sqlalchemy as sa
from alembic import op

from migrations import online

revision = "0009"
down_revision = "0008"

CHECK = "ck_messages_direction_kind_state"
CONDITION = (
    "direction = 'in' AND {0} AND state IN ('received', 'handled', 'deleted')"
    " OR direction = 'out' AND kind IN ('greeting', 'answer', 'clarification', 'apology', 'link',"
    " 'follow_up', 'human') AND state IN ('draft', 'queued', 'sent', 'failed', 'cancelled')"
)


def upgrade() -> None:
    """To this revision."""
    _recheck(CONDITION.format("kind IN ('reply', 'request')"))


def downgrade() -> None:
    """Back to the one before: what was asked is kept as what was said."""
    op.execute("UPDATE messages SET kind = 'reply' WHERE kind = 'request'")
    _recheck(CONDITION.format("kind = 'reply'"))


def _recheck(condition: str) -> None:
    if online.is_postgres():
        online.replace_checks("messages", **{CHECK: condition})
        return
    views = op.get_bind().execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'view'")).all()
    newest = (
        op.get_bind().execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'messages'")).scalar()
    )
    # SQLite renames no table while a view speaks of it.
    for name, _ in views:
        op.execute(f"DROP VIEW {name}")
    with op.batch_alter_table("messages", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.create_check_constraint(op.f(CHECK), condition)
    for _, sql in views:
        op.execute(sql)
    if newest is not None:
        # The numbers of deleted rows are not given again.
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'messages'")
        insert = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', :newest)")
        op.execute(insert.bindparams(newest=newest))
