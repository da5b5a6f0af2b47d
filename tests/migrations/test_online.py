"""Migrations of a database in use: lock waits are limited, and interrupted work is repaired."""

import subprocess
import sys

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import UniqueViolation

from tests.conftest import ROOT, Postgres
from tests.support.waiting import patience_seconds, until

INDEX = "ix_leads_phone_e164"
LEAD = "INSERT INTO leads (name, username, source) VALUES ('Анна', 'anna_k', 'api')"
SHORT_WAITS = ("-x", "lock_seconds=0.05", "-x", "pause_seconds=0.05")
REVISION = "SELECT version_num FROM alembic_version"


def _command(url: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "alembic", "-x", f"url={url}", *words]


def _alembic(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = _command(url, *words)
    return subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=patience_seconds()
    )


@pytest.fixture(scope="module")
def old_url(postgres: Postgres) -> str:
    """A database before the owner's notices, with two leads."""
    url = postgres.create()
    done = _alembic(url, "downgrade", "0010")
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(2):
            connection.execute(LEAD)
    return url


def test_endless_transaction_ends_the_migration_with_advice(old_url: str) -> None:
    with psycopg.connect(old_url) as writer:
        writer.execute("UPDATE leads SET name = 'Ольга'")
        done = _alembic(old_url, *SHORT_WAITS, "upgrade", "0012")
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("error: a table is in use by a transaction")
        assert "pg_stat_activity" in done.stderr
        assert writer.execute(REVISION).fetchone() == ("0010",)


def test_migration_waits_for_a_short_transaction(old_url: str) -> None:
    with psycopg.connect(old_url) as writer, psycopg.connect(old_url, autocommit=True) as watcher:
        writer.execute("UPDATE leads SET name = 'Ольга'")
        command = _command(old_url, "-x", "lock_seconds=0.5", "-x", "pause_seconds=0.05", "upgrade", "0012")
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as migrating:
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
            until(lambda: watcher.execute(waits).fetchone(), "the migration waits for the writer")
            writer.commit()
            assert migrating.wait(timeout=patience_seconds()) == 0
        assert watcher.execute(REVISION).fetchone() == ("0012",)


def test_invalid_index_is_rebuilt(old_url: str) -> None:
    assert _alembic(old_url, "upgrade", "0012").returncode == 0
    with psycopg.connect(old_url, autocommit=True) as connection:
        make = sql.SQL("CREATE UNIQUE INDEX CONCURRENTLY {} ON leads (source)").format(sql.Identifier(INDEX))
        with pytest.raises(UniqueViolation):
            connection.execute(make)
        state = "SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = to_regclass(%s)"
        assert connection.execute(state, [INDEX]).fetchone() == (False, True)
        done = _alembic(old_url, "upgrade", "head")
        assert done.returncode == 0, done.stderr
        assert connection.execute(state, [INDEX]).fetchone() == (True, False)


def test_new_columns_do_not_rewrite_the_tables(postgres: Postgres) -> None:
    url = postgres.create()
    files = "SELECT pg_relation_filenode('leads'), pg_relation_filenode('webhook_deliveries')"
    assert _alembic(url, "downgrade", "0013").returncode == 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(LEAD)
        before = connection.execute(files).fetchone()
        done = _alembic(url, "upgrade", "0014")
        assert done.returncode == 0, done.stderr
        assert connection.execute(files).fetchone() == before
        stored = connection.execute("SELECT contact_evidence, phone_error FROM leads").fetchone()
        assert stored == ({}, None)


def test_malformed_number_of_seconds_is_named(old_url: str) -> None:
    done = _alembic(old_url, "-x", "lock_seconds=soon", "current")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: -x lock_seconds=soon: is no number of seconds"
