"""Tests `python -m worker status`: tables and JSON from the database."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from shared.database.engine import Database
from shared.database.models import AccountHold
from shared.statuses import LeadStatus
from tests.support.rows import NOW, add_account, add_lead, add_message
from tests.support.worker_command import run
from worker.domain.wait_reasons import NO_CAPACITY
from worker.monitoring import status_report, status_text


@pytest.fixture
async def database_with_leads(database: Database) -> Database:
    """An account with a hold, and leads of different ages."""
    account_id = await add_account(
        database, username="ours", state="limited", state_reason="PEER_FLOOD", outreach_limit=30
    )
    async with database.writing() as session:
        until = NOW + timedelta(days=30_000)
        method = "contacts.resolveUsername"
        session.add(AccountHold(account_id=account_id, method=method, until=until, reason="x"))
    await add_lead(database, due_at=NOW - timedelta(seconds=90))
    await add_lead(database, created_at=NOW - timedelta(days=3), due_at=None)
    lead = await add_lead(
        database,
        status=LeadStatus.ENGAGED,
        created_at=NOW - timedelta(days=30),
        account_id=account_id,
        due_at=NOW + timedelta(hours=1),
    )
    await add_message(database, lead)
    await add_message(database, lead, direction="out", kind="answer", state="queued")
    return database


async def test_text_shows_accounts_waiting_work_and_funnel(database_with_leads: Database) -> None:
    lines = status_text.as_text(await status_report.load_status(database_with_leads, now=NOW)).splitlines()
    assert lines[1].startswith("@ours    limited: PEER_FLOOD  no       0/30")
    assert "contacts.resolveUsername until 2109-" in lines[1]
    assert lines[3:9] == [
        "waiting",
        "waiting for the day's limit   0",
        "due leads                     1",
        "oldest due, seconds          90",
        "outbox                        1",
        "inbox                         1",
    ]
    assert lines[10:] == [
        "leads            24 hours  7 days  all",
        "new                     1       2    2",
        "in conversation         0       0    1",
    ]


async def test_text_speaks_the_owners_language_and_tells_of_the_limits(
    database_with_leads: Database,
) -> None:
    await add_account(database_with_leads, username="new_one", outreach_limit=4)
    await add_lead(database_with_leads, due_at=NOW + timedelta(hours=9), last_error=NO_CAPACITY)
    status = await status_report.load_status(database_with_leads, now=NOW)
    lines = status_text.as_text(status, "ru", full_limit=30, warmup_days=7, now=NOW).splitlines()
    assert "@new_one: сегодня не больше 4 первых сообщений, через 6 дн. — 30" in lines
    assert any(line.split() == ["люди:", "лимит", "первых", "сообщений", "1"] for line in lines)
    latin = [word for line in lines for word in line.split() if word.isascii() and word.isalpha()]
    assert set(latin) <= {"Telegram", "worker", "x", "until", "PEER"}, latin
    assert any(line.startswith("новая заявка") for line in lines)


async def test_json_has_the_same_figures(database_with_leads: Database) -> None:
    found = json.loads(status_report.as_json(await status_report.load_status(database_with_leads, now=NOW)))
    assert found["waiting"]["inbox"] == 1
    assert found["funnel"]["pending"] == {"all": 2, "7 days": 2, "24 hours": 1}
    assert found["accounts"][0]["account"] == "@ours"


def test_command_needs_only_the_database(tmp_path: Path, sqlite_url: str) -> None:
    done = run(tmp_path, "status", DATABASE_URL=sqlite_url, OWNER_LANGUAGE="ru")
    assert (done.returncode, done.stderr) == (0, "")
    first = "новый аккаунт: первых сообщений в первый день не больше 4, с дня 7 — 30"
    assert done.stdout.splitlines()[:3] == ["аккаунт: пока нет", "", first]
    empty = run(tmp_path, "status", DATABASE_URL="sqlite:///empty.db", OWNER_LANGUAGE="ru")
    assert (empty.returncode, empty.stdout) == (1, "")
    assert empty.stderr == "ошибка: база не обновлена, выполните `alembic upgrade head`\n"
