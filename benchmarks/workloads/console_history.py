"""Adds to a seeded history what the console shows: a fifth message, drafts, questions, a signed-in user."""

import secrets
from collections.abc import Callable

import psycopg
from psycopg import sql

from api.console.users.accounts import token_hash

# Of the older leads, one in so many is with a human who has answered last.
HANDED_OFF = 20
# The newest leads have costs, and were seen by the user.
NEWEST = 10_000
# So many drafts and open questions wait.
WAITING = 60

# With the words of seeded_history, five messages a lead.
_STATEMENTS = (
    f"UPDATE leads SET status = 'handed_off' WHERE id % {HANDED_OFF} = 7"
    " AND status IN ('no_reply', 'booked')",
    "INSERT INTO messages (lead_id, account_id, direction, kind, text, random_id, telegram_message_id, state,"
    " created_at, sent_at) SELECT id, account_id, CASE WHEN ours THEN 'out' ELSE 'in' END,"
    " CASE WHEN ours THEN 'human' ELSE 'reply' END, 'Хорошо, тогда до среды. Адрес пришлю отдельно.',"
    " CASE WHEN ours THEN -id END, CASE WHEN account_id IS NOT NULL THEN -id END,"
    " CASE WHEN ours THEN 'sent' ELSE 'handled' END, updated_at, updated_at"
    f" FROM (SELECT *, status = 'handed_off' AND id % {HANDED_OFF} = 7 AS ours FROM leads) l",
    "INSERT INTO messages (lead_id, account_id, direction, kind, text, state)"
    " SELECT id, account_id, 'out', 'answer', 'Стоимость от 300 000 ₽. Созвонимся в среду?', 'draft'"
    f" FROM leads WHERE status = 'engaged' ORDER BY id DESC LIMIT {WAITING}",
    "UPDATE leads SET open_question = 'Делаете ли вы интеграцию с 1С?' WHERE id IN"
    f" (SELECT id FROM leads WHERE status = 'engaged' ORDER BY id LIMIT {WAITING})",
    "UPDATE messages SET cost_usd = 0.001, model = 'gpt-5-mini', model_calls = 1 WHERE kind = 'answer'"
    f" AND lead_id > (SELECT max(id) - {NEWEST} FROM leads)",
    "INSERT INTO users (login, name, role, language) VALUES ('bench', 'Bench', 'owner', 'ru')",
    "INSERT INTO lead_views (user_id, lead_id, last_message_id) SELECT u.id, l.id, 0 FROM users u, leads l"
    f" WHERE l.id > (SELECT max(id) - {NEWEST} FROM leads)",
)


def add_console_history(url: str, log: Callable[[str], None]) -> str:
    """Add the rows to a filled database; returns the session id for a user's cookie."""
    session_id = secrets.token_urlsafe(32)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in _STATEMENTS:
            connection.execute(sql.SQL(statement))
        connection.execute(
            "INSERT INTO user_sessions (id_hash, user_id) SELECT %s, id FROM users", (token_hash(session_id),)
        )
        connection.execute("VACUUM (FREEZE, ANALYZE)")
    log("the console's rows are added")
    return session_id
