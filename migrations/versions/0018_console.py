"""The console: users, their sessions and one-time links, notes, actions, canned texts, live updates."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations import online

revision = "0018"
down_revision = "0016"

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_QUESTIONS = "ix_leads_open_question"
TABLES = (
    "user_sessions",
    "user_links",
    "login_attempts",
    "lead_notes",
    "lead_actions",
    "lead_views",
    "canned_texts",
    "console_watch",
    "users",
)

# Without an open page nothing is notified: a notification costs a lock at the commit.
FUNCTION = """
CREATE FUNCTION lead_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM console_watch WHERE until > now()) THEN
        PERFORM pg_notify('lead_changed', NEW.lead_id::text);
    END IF;
    RETURN NULL;
END $$
"""
# The first event of a lead is its arrival: the intake already notifies of it by `leads_due`.
TRIGGERS = {
    "messages": "AFTER INSERT OR UPDATE ON messages FOR EACH ROW",
    "lead_events": "AFTER INSERT ON lead_events FOR EACH ROW WHEN (NEW.from_status IS NOT NULL)",
    "lead_notes": "AFTER INSERT ON lead_notes FOR EACH ROW",
    "lead_actions": "AFTER INSERT ON lead_actions FOR EACH ROW",
    "lead_views": "AFTER UPDATE OF answering_until ON lead_views FOR EACH ROW",
}


def upgrade() -> None:
    """To this revision."""
    _users()
    _about_leads()
    op.create_table(
        "canned_texts",
        _id(),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _moment("created_at", default_now=True),
        sa.PrimaryKeyConstraint("id", name="pk_canned_texts"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "console_watch",
        _id(),
        _moment("until"),
        sa.CheckConstraint("id = 1", name=op.f("ck_console_watch_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_console_watch"),
    )
    if online.is_postgres():
        op.execute(FUNCTION)
        for table, event in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER {table}_changed {event} EXECUTE FUNCTION lead_changed()")
    online.index(OPEN_QUESTIONS, "leads", "id", where="open_question IS NOT NULL")


def downgrade() -> None:
    """Back to the one before."""
    online.drop_index(OPEN_QUESTIONS, "leads")
    if online.is_postgres():
        for table in ("messages", "lead_events"):
            op.execute(f"DROP TRIGGER {table}_changed ON {table}")
    for table in TABLES:
        op.drop_table(table)
    if online.is_postgres():
        op.execute("DROP FUNCTION lead_changed()")


def _users() -> None:
    op.create_table(
        "users",
        _id(),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("language", sa.Text()),
        _moment("created_at", default_now=True),
        sa.CheckConstraint("role IN ('viewer', 'operator', 'owner')", name=op.f("ck_users_role")),
        sa.CheckConstraint("language IN ('en', 'ru')", name=op.f("ck_users_language")),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_sessions",
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        _moment("created_at", default_now=True),
        _moment("last_seen_at", default_now=True),
        _to_user("user_sessions"),
        sa.PrimaryKeyConstraint("id_hash", name="pk_user_sessions"),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    op.create_table(
        "user_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        _moment("expires_at"),
        _to_user("user_links"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_user_links"),
        sa.UniqueConstraint("user_id", name="uq_user_links_user_id"),
    )
    op.create_table(
        "login_attempts",
        _id(),
        sa.Column("key", sa.Text(), nullable=False),
        _moment("at", default_now=True),
        sa.PrimaryKeyConstraint("id", name="pk_login_attempts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_login_attempts_key_at", "login_attempts", ["key", "at"])


def _about_leads() -> None:
    for table, author, *further in (
        ("lead_notes", "author", sa.Column("text", sa.Text(), nullable=False)),
        (
            "lead_actions",
            "actor",
            sa.Column("action", sa.Text(), nullable=False),
            sa.Column("message_id", sa.BigInteger()),
        ),
    ):
        op.create_table(
            table,
            _id(),
            sa.Column("lead_id", BIG, nullable=False),
            sa.Column(author, sa.Text(), nullable=False),
            *further,
            _moment("created_at" if table == "lead_notes" else "at", default_now=True),
            _to_lead(table),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sqlite_autoincrement=True,
        )
        op.create_index(f"ix_{table}_lead_id_id", table, ["lead_id", "id"])
    op.create_table(
        "lead_views",
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("lead_id", BIG, nullable=False),
        sa.Column("last_message_id", sa.BigInteger(), nullable=False),
        _moment("answering_until", nullable=True),
        _to_user("lead_views"),
        _to_lead("lead_views"),
        sa.PrimaryKeyConstraint("user_id", "lead_id", name="pk_lead_views"),
    )
    op.create_index("ix_lead_views_lead_id", "lead_views", ["lead_id"])


def _id() -> sa.Column[Any]:
    return sa.Column("id", BIG, nullable=False)


def _moment(name: str, *, nullable: bool = False, default_now: bool = False) -> sa.Column[Any]:
    default = sa.text("CURRENT_TIMESTAMP") if default_now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _to_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE")


def _to_lead(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=f"fk_{table}_lead_id", ondelete="CASCADE")
