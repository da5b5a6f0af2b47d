"""What an account has used of its limits, what Telegram asks it to leave alone, and whom it knows."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIMITS = ("outreach_limit", "resolve_limit", "import_limit")

# One line an account: its state, what it did in the last 24 hours of what it may, what it waits for.
OVERVIEW = """
CREATE VIEW account_overview AS
SELECT a.id, COALESCE('@' || a.username, a.session_name) AS account, a.state, a.state_reason,
       CASE WHEN a.held_until > {now} THEN 'yes' ELSE 'no' END AS working,
       (SELECT MAX(until) FROM account_holds
        WHERE account_id = a.id AND method = 'new_conversations' AND until > {now}) AS limited_until,
       {first_messages} AS first_messages, a.outreach_limit,
       {resolves} AS username_lookups, a.resolve_limit,
       {imports} AS phone_imports, a.import_limit,
       a.no_room_until,
       (SELECT {holds} FROM account_holds h WHERE h.account_id = a.id AND h.until > {now}) AS holds,
       (SELECT COUNT(*) FROM leads WHERE account_id = a.id
        AND status IN ('contacted', 'engaged', 'scheduled')) AS conversations,
       (SELECT COUNT(*) FROM messages WHERE account_id = a.id AND state = 'received') AS unanswered,
       (SELECT COUNT(*) FROM messages WHERE account_id = a.id AND state = 'queued') AS queued
FROM telegram_accounts a
ORDER BY a.id
"""
USED = (
    "(SELECT COUNT(*) FROM account_calls WHERE account_id = a.id AND method = '{method}' AND at > {day_ago})"
)


def upgrade() -> None:
    """To this revision."""
    op.add_column("telegram_accounts", _moment("no_room_until"))
    for name in LIMITS:
        op.add_column("telegram_accounts", sa.Column(name, sa.Integer()))
    _account_holds()
    _account_calls()
    _telegram_people()
    op.execute(_overview(postgres=op.get_bind().dialect.name == "postgresql"))


def downgrade() -> None:
    """Back to the one before."""
    op.execute("DROP VIEW account_overview")
    for table in ("telegram_people", "account_calls", "account_holds"):
        op.drop_table(table)
    for name in (*reversed(LIMITS), "no_room_until"):
        op.drop_column("telegram_accounts", name)


def _account_holds() -> None:
    op.create_table(
        "account_holds",
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("strikes", sa.Integer(), server_default="0", nullable=False),
        _now("updated_at"),
        _account("account_holds"),
        sa.PrimaryKeyConstraint("account_id", "method", name="pk_account_holds"),
    )


def _account_calls() -> None:
    op.create_table(
        "account_calls",
        sa.Column("id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        _now("at"),
        _account("account_calls"),
        sa.PrimaryKeyConstraint("id", name="pk_account_calls"),
    )
    op.create_index("ix_account_calls_account_id_method_at", "account_calls", ["account_id", "method", "at"])


def _telegram_people() -> None:
    op.create_table(
        "telegram_people",
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("access_hash", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text()),
        _moment("username_at"),
        sa.Column("phone_e164", sa.Text()),
        _moment("phone_at"),
        sa.Column("is_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _account("telegram_people"),
        sa.PrimaryKeyConstraint("account_id", "user_id", name="pk_telegram_people"),
    )
    for columns in (("account_id", "username"), ("account_id", "phone_e164"), ("user_id",)):
        op.create_index(f"ix_telegram_people_{'_'.join(columns)}", "telegram_people", list(columns))


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True))


def _now(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False
    )


def _account(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_account_id"
    return sa.ForeignKeyConstraint(["account_id"], ["telegram_accounts.id"], name=name, ondelete="CASCADE")


def _overview(*, postgres: bool) -> str:
    if postgres:
        now, day_ago = "now()", "now() - interval '24 hours'"
        holds = (
            "string_agg(method || ' until ' || to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), '; ')"
        )
    else:
        now, day_ago = "datetime('now')", "datetime('now', '-24 hours')"
        holds = "group_concat(method || ' until ' || substr(until, 1, 16), '; ')"
    methods = {
        "first_messages": "new_conversations",
        "resolves": "contacts.resolveUsername",
        "imports": "contacts.importContacts",
    }
    used = {name: USED.format(method=method, day_ago=day_ago) for name, method in methods.items()}
    return OVERVIEW.format(now=now, holds=holds, **used)
