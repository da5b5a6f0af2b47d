"""What a human who takes over needs; drafts, deleted words, and what a human typed by themselves."""

import importlib

import sqlalchemy as sa
from alembic import op

from migrations import online

revision = "0007"
down_revision = "0006"

RULES = {
    "ck_messages_direction_kind_state": (
        "direction = 'in' AND kind = 'reply' AND state IN ('received', 'handled')"
        " OR direction = 'out' AND kind IN ('greeting', 'answer', 'clarification', 'apology', 'link',"
        " 'follow_up', 'human') AND state IN ('queued', 'sent', 'failed', 'cancelled')",
        "direction = 'in' AND kind = 'reply' AND state IN ('received', 'handled', 'deleted')"
        " OR direction = 'out' AND kind IN ('greeting', 'answer', 'clarification', 'apology', 'link',"
        " 'follow_up', 'human') AND state IN ('draft', 'queued', 'sent', 'failed', 'cancelled')",
    ),
    "ck_messages_identity": (
        "direction = 'in' OR state = 'cancelled' OR random_id IS NOT NULL",
        "direction = 'in' OR state IN ('cancelled', 'draft') OR random_id IS NOT NULL"
        " OR telegram_message_id IS NOT NULL",
    ),
}
# The old rules know nothing of these; what a human typed gets a number that Telegram never gives.
TO_OLD_RULES = (
    "UPDATE messages SET state = 'cancelled' WHERE state = 'draft'",
    "UPDATE messages SET state = 'handled' WHERE state = 'deleted'",
    "UPDATE messages SET random_id = -id WHERE direction = 'out' AND random_id IS NULL"
    " AND state <> 'cancelled'",
)
VIEWS = {"lead_overview": "0002_triggers_and_overview", "account_overview": "0004_account_limits"}
DRAFTS_TOO = "m.state IN ('queued', 'draft')"
COLUMNS = ("handoff_summary", "returns_at", "follow_up_at")


def upgrade() -> None:
    """To this revision."""
    online.add_column("leads", sa.Column("handoff_summary", sa.Text()))
    for moment in COLUMNS[1:]:
        online.add_column("leads", sa.Column(moment, sa.DateTime(timezone=True)))
    before = _views()
    views = dict(before)
    # A draft waits for us.
    views["lead_overview"] = views["lead_overview"].replace("m.state = 'queued'", DRAFTS_TOO)
    _rule(1, before, views)


def downgrade() -> None:
    """Back to the one before."""
    for statement in TO_OLD_RULES:
        op.execute(statement)
    views = _views()
    _rule(0, views, views)
    for column in COLUMNS:
        online.drop_column("leads", column)


def _rule(which: int, before: dict[str, str], after: dict[str, str]) -> None:
    _without(before)
    if online.is_postgres():
        _with(after)
        online.replace_checks("messages", **{name: rules[which] for name, rules in RULES.items()})
        return
    # Named as they are: no convention is to be applied to them once more.
    with op.batch_alter_table("messages", table_kwargs={"sqlite_autoincrement": True}) as messages:
        for name, rules in RULES.items():
            messages.drop_constraint(op.f(name), type_="check")
            messages.create_check_constraint(op.f(name), rules[which])
    _with(after)


def _views() -> dict[str, str]:
    """The views as they were before: SQLite rebuilds no table that a view reads."""
    postgres = op.get_bind().dialect.name == "postgresql"
    return {
        name: importlib.import_module(f"migrations.versions.{module}")._overview(postgres=postgres)
        for name, module in VIEWS.items()
    }


def _without(views: dict[str, str]) -> None:
    for name in views:
        op.execute(f"DROP VIEW {name}")


def _with(views: dict[str, str]) -> None:
    for view in views.values():
        op.execute(view)
