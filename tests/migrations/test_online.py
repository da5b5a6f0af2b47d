"""Migrations of a database in use: lock waits are limited, and interrupted work is repaired."""

import subprocess
import sys
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import UniqueViolation

from tests.conftest import ROOT, Postgres
from tests.support.commands import run_alembic
from tests.support.waiting import patience_seconds, until

INDEX = "ix_leads_phone_e164"
LEAD = "INSERT INTO leads (name, username, source) VALUES ('Анна', 'anna_k', 'api')"
SHORT_WAITS = ("-x", "lock_seconds=0.05", "-x", "pause_seconds=0.05")
REVISION = "SELECT version_num FROM alembic_version"
# Once the table of planned messages is there, its first row is refused. A sequence keeps its value then.
INTERRUPTION = """
CREATE SEQUENCE strong_locks;
CREATE FUNCTION interrupt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM nextval('strong_locks') FROM pg_locks WHERE pid = pg_backend_pid()
        AND relation = 'leads'::regclass AND mode LIKE '%Exclusive%';
    RAISE EXCEPTION 'interrupted';
END $$;
CREATE FUNCTION prepare() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF to_regclass('planned_messages') IS NOT NULL THEN
        CREATE OR REPLACE TRIGGER interrupts BEFORE INSERT ON planned_messages EXECUTE FUNCTION interrupt();
    END IF;
END $$;
CREATE EVENT TRIGGER prepares ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION prepare();
"""
NO_INTERRUPTION = "DROP EVENT TRIGGER prepares; DROP TRIGGER interrupts ON planned_messages"
PLAN = "INSERT INTO planned_messages (lead_id, kind, key, send_at) VALUES (%s, %s, %s, %s)"


@pytest.fixture(scope="module")
def old_url(postgres: Postgres) -> str:
    """A database before the owner's notices, with two leads."""
    url = postgres.create()
    done = run_alembic(url, "downgrade", "0010")
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(2):
            connection.execute(LEAD)
    return url


def test_endless_transaction_ends_the_migration_with_advice(old_url: str) -> None:
    with psycopg.connect(old_url) as writer:
        writer.execute("UPDATE leads SET name = 'Ольга'")
        done = run_alembic(old_url, *SHORT_WAITS, "upgrade", "0012")
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("error: a table is in use by a transaction")
        assert "pg_stat_activity" in done.stderr
        assert writer.execute(REVISION).fetchone() == ("0010",)


def test_migration_waits_for_a_short_transaction(old_url: str) -> None:
    with psycopg.connect(old_url) as writer, psycopg.connect(old_url, autocommit=True) as watcher:
        writer.execute("UPDATE leads SET name = 'Ольга'")
        waiting = ("-x", "lock_seconds=0.5", "-x", "pause_seconds=0.05")
        # In a new Python, as a user runs it.
        command = [sys.executable, "-m", "alembic", "-x", f"url={old_url}", *waiting, "upgrade", "0012"]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as migrating:
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
            until(lambda: watcher.execute(waits).fetchone(), "the migration waits for the writer")
            writer.commit()
            assert migrating.wait(timeout=patience_seconds()) == 0
        assert watcher.execute(REVISION).fetchone() == ("0012",)


def test_invalid_index_is_rebuilt(old_url: str) -> None:
    assert run_alembic(old_url, "upgrade", "0012").returncode == 0
    with psycopg.connect(old_url, autocommit=True) as connection:
        make = sql.SQL("CREATE UNIQUE INDEX CONCURRENTLY {} ON leads (source)").format(sql.Identifier(INDEX))
        with pytest.raises(UniqueViolation):
            connection.execute(make)
        state = "SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = to_regclass(%s)"
        assert connection.execute(state, [INDEX]).fetchone() == (False, True)
        done = run_alembic(old_url, "upgrade", "head")
        assert done.returncode == 0, done.stderr
        assert connection.execute(state, [INDEX]).fetchone() == (True, False)


def test_new_columns_do_not_rewrite_the_tables(postgres: Postgres) -> None:
    url = postgres.create()
    files = "SELECT pg_relation_filenode('leads'), pg_relation_filenode('webhook_deliveries')"
    assert run_alembic(url, "downgrade", "0013").returncode == 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(LEAD)
        before = connection.execute(files).fetchone()
        done = run_alembic(url, "upgrade", "0014")
        assert done.returncode == 0, done.stderr
        assert connection.execute(files).fetchone() == before
        stored = connection.execute("SELECT contact_evidence, phone_error FROM leads").fetchone()
        assert stored == ({}, None)


def test_requested_times_are_kept_both_ways_and_after_an_interruption(postgres: Postgres) -> None:
    url = postgres.create()
    monday, sunday = (datetime(2026, 12, day, tzinfo=UTC) for day in (7, 6))
    with psycopg.connect(url, autocommit=True) as connection:
        lead, reminded = (connection.execute(f"{LEAD} RETURNING id").fetchone()[0] for _ in range(2))  # type: ignore[index]
        for planned in ((lead, "requested", "1", monday), (lead, "reminder_hour", "2", sunday)):
            connection.execute(PLAN, planned)
        connection.execute(PLAN, (reminded, "reminder_hour", "3", sunday))
        connection.execute("UPDATE leads SET follow_up_at = %s", [sunday])
        done = run_alembic(url, "downgrade", "0019")
        assert done.returncode == 0, done.stderr
        times = "SELECT follow_up_at FROM leads ORDER BY id"
        assert connection.execute(times).fetchall() == [(monday,), (None,)]
        connection.execute(INTERRUPTION)
        assert run_alembic(url, "upgrade", "0020").returncode == 1
        assert connection.execute("SELECT is_called FROM strong_locks").fetchone() == (False,)
        connection.execute(NO_INTERRUPTION)
        done = run_alembic(url, "upgrade", "0020")
        assert done.returncode == 0, done.stderr
        plan = connection.execute("SELECT lead_id, kind, send_at FROM planned_messages").fetchall()
        assert plan == [(lead, "requested", monday)]


def test_malformed_number_of_seconds_is_named(old_url: str) -> None:
    done = run_alembic(old_url, "-x", "lock_seconds=soon", "current")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: -x lock_seconds=soon: is no number of seconds"
