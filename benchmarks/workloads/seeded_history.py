"""Fills an empty PostgreSQL with years of finished leads, by SQL statements alone.

The numbers of open leads, of due leads and of leads per day do not depend on the total: only the history
grows. Triggers and foreign keys are off during the filling, and the indexes are built after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

ACCOUNTS = 12
# The number of new leads, of conversations with an unanswered message, and of queued messages.
DUE = 20
# The number of leads per statement.
SLICE = 250_000
# The time between two leads.
STEP = "interval '5 minutes'"

_ACCOUNTS = f"""
INSERT INTO telegram_accounts (telegram_user_id, session_name, username, held_by, held_until, created_at)
SELECT 7000000 + n, 'account_' || n, 'agency_' || n, CASE WHEN n <= 4 THEN 'bench' END,
       CASE WHEN n <= 4 THEN now() + interval '10 years' END, now() - interval '3 years'
FROM generate_series(1, {ACCOUNTS}) n
"""
# `back`: the number of newer leads. Open leads are among the newest; every 20th person has an earlier lead.
_LEADS = f"""
WITH numbers AS (
    SELECT n, %(leads)s - n AS back, now() - (%(leads)s - n) * {STEP} AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
), states AS (
    SELECT *, CASE
        WHEN back < {DUE} THEN 'pending'
        WHEN back < %(recent)s THEN (ARRAY['pending', 'contacted', 'contacted', 'engaged', 'scheduled',
            'handed_off', 'rejected', 'unreachable'])[1 + n %% 8]
        ELSE (ARRAY['no_reply', 'rejected', 'booked', 'no_reply', 'unreachable', 'no_reply', 'rejected',
            'failed'])[1 + n %% 8] END AS state
    FROM numbers
)
INSERT INTO leads (id, name, phone, phone_e164, username, source, source_key, status, due_at, last_error,
                   telegram_user_id, access_hash, account_id, resolved_via, extra, created_at, updated_at)
SELECT n,
       (ARRAY['Анна', 'Иван', 'Мария', 'Пётр', 'Ольга', 'Сергей', 'Екатерина', 'Дмитрий'])[1 + n %% 8]
           || (ARRAY[' Соколова', ' Кузнецов', ' Попова', ' Лебедев', ' Новикова', ' Морозов'])[1 + n %% 6]
           || ' ' || to_hex(n * 2654435761 %% 4294967296),
       CASE WHEN n %% 5 < 4 THEN '7916' || lpad((n * 7919 %% 10000000)::text, 7, '0') END,
       CASE WHEN n %% 5 < 4 THEN '+7916' || lpad((n * 7919 %% 10000000)::text, 7, '0') END,
       CASE WHEN n %% 5 > 1 THEN 'user_' || to_hex(n * 40503 %% 4294967296) END,
       CASE n %% 5 WHEN 0 THEN 'api' WHEN 1 THEN 'import' ELSE 'tilda' END,
       CASE WHEN n %% 5 <> 1 THEN md5(n::text) END, state,
       CASE WHEN back < {DUE} THEN now()
            WHEN state = 'pending' THEN now() + interval '1 day' + n %% 1000 * interval '1 second' END,
       CASE state WHEN 'unreachable' THEN 'no such username' WHEN 'failed' THEN 'PeerIdInvalid' END,
       CASE WHEN state NOT IN ('pending', 'unreachable')
            THEN 1000000000 + CASE WHEN n %% 20 = 0 AND back >= %(recent)s THEN n / 2 ELSE n END END,
       CASE WHEN state NOT IN ('pending', 'unreachable') THEN n * 2654435761 END,
       CASE WHEN state NOT IN ('pending', 'unreachable') THEN 1 + n %% {ACCOUNTS} END,
       CASE WHEN state NOT IN ('pending', 'unreachable') THEN 'username' END,
       jsonb_build_object('Комментарий', 'Сайт для кофейни, заявка ' || n, 'utm_source', 'yandex'),
       at, at + interval '2 hours'
FROM states
"""
_MESSAGES = """
INSERT INTO messages (lead_id, account_id, direction, kind, text, key, random_id, telegram_message_id, state,
                      intent, created_at, sent_at)
SELECT l.id, l.account_id, CASE WHEN k %% 2 = 1 THEN 'out' ELSE 'in' END,
       (ARRAY['greeting', 'reply', 'answer', 'reply'])[k],
       (ARRAY['Здравствуйте! Удобно созвониться на неделе?', 'А сколько это стоит?',
              'Зависит от объёма, расскажем на созвоне.', 'Спасибо, я подумаю'])[k],
       CASE WHEN k %% 2 = 1 THEN l.id || ':' || k END,
       CASE WHEN k %% 2 = 1 THEN (l.id * 4 + k) * 2654435761 END,
       CASE WHEN l.account_id IS NOT NULL THEN l.id * 4 + k END,
       CASE WHEN k %% 2 = 1 THEN 'sent' ELSE 'handled' END, CASE WHEN k = 3 THEN 'question' END,
       l.created_at + k * interval '10 minutes', l.created_at + k * interval '10 minutes'
FROM leads l, generate_series(1, 4) k WHERE l.id BETWEEN %(first)s AND %(last)s
"""
_EVENTS = """
INSERT INTO lead_events (lead_id, from_status, to_status, reason, actor, at)
SELECT l.id, (ARRAY[NULL, 'pending', 'resolved'])[k],
       CASE k WHEN 1 THEN 'pending' WHEN 2 THEN 'resolved' ELSE l.status END,
       (ARRAY['received', 'found by username', 'delivered'])[k], (ARRAY['tilda', 'worker', 'worker'])[k],
       l.created_at + (k - 1) * interval '5 minutes'
FROM leads l, generate_series(1, 3) k WHERE l.id BETWEEN %(first)s AND %(last)s
"""
_DELIVERIES = """
INSERT INTO webhook_deliveries (source, received_at, content_type, body, outcome, lead_id)
SELECT 'tilda', l.created_at, 'application/x-www-form-urlencoded',
       'Name=Anna&Phone=' || COALESCE(l.phone, '') || '&tranid=' || l.source_key || '&formid=form1',
       'stored', l.id
FROM leads l WHERE l.id BETWEEN %(first)s AND %(last)s AND l.source = 'tilda'
"""
_PEOPLE = """
INSERT INTO telegram_people (account_id, user_id, access_hash, username, username_at, phone_e164, phone_at)
SELECT account_id, telegram_user_id, access_hash, username, created_at, phone_e164, created_at
FROM leads WHERE id BETWEEN %(first)s AND %(last)s AND account_id IS NOT NULL ON CONFLICT DO NOTHING
"""
_NOTICES = """
INSERT INTO owner_notices (key, text, account_id, lead_id, state, random_id, created_at, sent_at)
SELECT 'event:' || id, '', 1, id, 'sent', id, created_at, created_at FROM leads
WHERE id BETWEEN %(first)s AND %(last)s AND id %% 50 = 0
"""
# All waiting messages belong to the first account.
_WAITING = (
    "UPDATE messages SET state = 'received' WHERE id IN (SELECT max(m.id) FROM messages m JOIN leads l"
    " ON l.id = m.lead_id WHERE l.status = 'engaged' AND l.account_id = 1 GROUP BY l.id ORDER BY 1 DESC"
    f" LIMIT {DUE})",
    "UPDATE leads SET due_at = now() WHERE id IN (SELECT lead_id FROM messages WHERE state = 'received')",
    "INSERT INTO messages (lead_id, account_id, direction, kind, text, key, random_id, state)"
    " SELECT id, account_id, 'out', 'link', 'https://calendly.com/a/30min', id || ':link', id * 4, 'queued'"
    f" FROM leads WHERE status = 'contacted' AND account_id = 1 ORDER BY id DESC LIMIT {DUE}",
)
_BY_LEADS = {
    "leads": _LEADS,
    "messages": _MESSAGES,
    "lead_events": _EVENTS,
    "webhook_deliveries": _DELIVERIES,
    "telegram_people": _PEOPLE,
    "owner_notices": _NOTICES,
}


def fill(url: str, leads: int, *, recent: int, log: Callable[[str], None]) -> None:
    """Insert `leads` leads with all their rows into an empty database.

    Only the newest `recent` leads may be unfinished.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("session_replication_role = replica", "maintenance_work_mem = '512MB'"):
            connection.execute(sql.SQL(f"SET {setting}"))
        connection.execute(_ACCOUNTS)
        with _without_indexes(connection):
            for table, statement in _BY_LEADS.items():
                for first in range(1, leads + 1, SLICE):
                    bounds = {"first": first, "last": min(leads, first + SLICE - 1)}
                    connection.execute(statement, {**bounds, "leads": leads, "recent": recent})
                log(f"{leads:,} leads: {table} filled")
        for statement in _WAITING:
            connection.execute(sql.SQL(statement))
        connection.execute("SELECT setval(pg_get_serial_sequence('leads', 'id'), %s)", (leads,))
        connection.execute("VACUUM (FREEZE, ANALYZE)")
    log(f"{leads:,} leads: ready")


@contextmanager
def _without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """Drop the indexes of the tables and rebuild them at the end, which takes a tenth of the time."""
    found = connection.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid), k.conname, t.relname, pg_get_constraintdef(k.oid)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
        " LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u'"
        " WHERE t.relname = ANY(%s) AND NOT i.indisprimary",
        (list(_BY_LEADS),),
    ).fetchall()
    for index, _, constraint, table, _ in found:
        drop = "ALTER TABLE {0} DROP CONSTRAINT {1}" if constraint else "DROP INDEX {1}"
        connection.execute(sql.SQL(drop).format(sql.Identifier(table), sql.Identifier(index)))
    yield
    for index, definition, constraint, table, rule in found:
        if constraint:
            add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} " + rule)
            connection.execute(add.format(sql.Identifier(table), sql.Identifier(index)))
        else:
            connection.execute(sql.SQL(definition))
