"""An event for each arrival, a wake-up for the worker, and the view for psql."""

from alembic import op

revision = "0002"
down_revision = "0001"

ARRIVAL = """
    INSERT INTO lead_events (lead_id, from_status, to_status, reason, actor, at)
    VALUES (NEW.id, NULL, NEW.status, 'received', NEW.source, NEW.created_at);
"""

# A wake-up is for what is due by now: a lead put off to later is found by the poll.
POSTGRES = (
    f"""
    CREATE FUNCTION leads_arrival() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN {ARRIVAL} RETURN NULL; END $$
    """,
    "CREATE TRIGGER leads_arrival AFTER INSERT ON leads FOR EACH ROW EXECUTE FUNCTION leads_arrival()",
    """
    CREATE FUNCTION leads_wake_up() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('leads_due', ''); RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER leads_wake_up AFTER INSERT OR UPDATE OF due_at ON leads FOR EACH ROW
    WHEN (NEW.due_at <= clock_timestamp() AND NEW.leased_until IS NULL) EXECUTE FUNCTION leads_wake_up()
    """,
)
SQLITE = (f"CREATE TRIGGER leads_arrival AFTER INSERT ON leads FOR EACH ROW BEGIN {ARRIVAL} END",)

# One line a lead: who, where it stands, what was said last, and how long the person has been waiting.
OVERVIEW = """
CREATE VIEW lead_overview AS
SELECT l.id, l.status, l.name, COALESCE('@' || l.username, l.phone_e164, l.phone) AS contact, l.source,
       CASE m.direction WHEN 'in' THEN '< ' WHEN 'out' THEN '> ' END || {short} AS last_message,
       m.intent AS last_intent, {waits} AS waits, l.due_at, l.attempts, l.last_error, l.created_at
FROM leads l
LEFT JOIN messages m ON m.id = (SELECT MAX(id) FROM messages WHERE lead_id = l.id AND state <> 'cancelled')
ORDER BY l.id DESC
"""
# Waiting is the person's: from their last word (or the form) until we have answered; NULL = not our turn.
OUR_TURN = """
CASE WHEN l.status IN ('pending', 'resolved') THEN {since_created}
     WHEN m.direction = 'in' AND m.state = 'received' THEN {since_message}
     WHEN m.direction = 'out' AND m.state = 'queued' THEN {since_last_word} END
"""
LAST_WORD = """
COALESCE((SELECT MAX(created_at) FROM messages WHERE lead_id = l.id AND direction = 'in'), m.created_at)
"""


def upgrade() -> None:
    """To this revision."""
    postgres = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRES if postgres else SQLITE:
        op.execute(statement)
    op.execute(_overview(postgres=postgres))


def downgrade() -> None:
    """Back to the one before."""
    op.execute("DROP VIEW lead_overview")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER leads_wake_up ON leads")
        op.execute("DROP TRIGGER leads_arrival ON leads")
        op.execute("DROP FUNCTION leads_wake_up()")
        op.execute("DROP FUNCTION leads_arrival()")
    else:
        op.execute("DROP TRIGGER leads_arrival")


def _overview(*, postgres: bool) -> str:
    if postgres:
        since = "date_trunc('second', now() - {0})"
        short = "left(replace(m.text, chr(10), ' '), 60)"
    else:
        seconds = "CAST((julianday('now') - julianday({0})) * 86400 AS INTEGER)"
        since = f"printf('%02d:%02d:%02d', {seconds} / 3600, {seconds} / 60 % 60, {seconds} % 60)"
        short = "substr(replace(m.text, char(10), ' '), 1, 60)"
    waits = OUR_TURN.format(
        since_created=since.format("l.created_at"),
        since_message=since.format("m.created_at"),
        since_last_word=since.format(LAST_WORD),
    )
    return OVERVIEW.format(waits=waits, short=short)
