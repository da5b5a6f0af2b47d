"""lead_overview: one row per lead, for psql users."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.migrations.conftest import Tables


async def _overview(tables: Tables) -> list[dict[str, Any]]:
    return await tables.rows("SELECT * FROM lead_overview")


async def _line(tables: Tables) -> dict[str, Any]:
    (line,) = await _overview(tables)
    return line


def _ago(tables: Tables, **delta: float) -> object:
    """Return a past time as the tables store it."""
    moment = datetime.now(UTC) - timedelta(**delta)
    return moment if tables.database.is_postgres else moment.replace(tzinfo=None).isoformat(" ")


def _seconds(waits: object) -> float:
    if isinstance(waits, timedelta):
        return waits.total_seconds()
    match = re.fullmatch(r"(\d{2,}):([0-5]\d):([0-5]\d)", str(waits))
    assert match, waits
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])


async def test_one_row_per_lead_newest_first(tables: Tables) -> None:
    first, second = await tables.lead(), await tables.lead(name="Мария", status="engaged")
    for number in range(3):
        await tables.message(first, text=f"Вопрос {number}", intent="question")
        await tables.outgoing(second, text=f"Ответ {number}", kind="answer", random_id=number)
    lines = await _overview(tables)
    assert [(line["id"], line["name"], line["status"]) for line in lines] == [
        (second, "Мария", "engaged"),
        (first, "Анна", "pending"),
    ]
    assert [line["last_message"] for line in lines] == ["> Ответ 2", "< Вопрос 2"]
    assert [line["last_intent"] for line in lines] == [None, "question"]
    assert list(lines[0]) == [
        *("id", "status", "name", "contact", "source", "last_message", "last_intent", "waits"),
        *("due_at", "attempts", "last_error", "created_at"),
    ]


@pytest.mark.parametrize(
    ("values", "contact"),
    [
        ({"username": "anna_k", "phone": "89991234567", "phone_e164": "+79991234567"}, "@anna_k"),
        ({"username": None, "phone": "89991234567", "phone_e164": "+79991234567"}, "+79991234567"),
        ({"username": None, "phone": "89991234567"}, "89991234567"),
    ],
)
async def test_contact_is_the_usable_one(tables: Tables, values: dict[str, object], contact: str) -> None:
    await tables.lead(**values)
    assert (await _line(tables))["contact"] == contact


async def test_last_message_is_shortened_and_cancelled_ones_are_ignored(tables: Tables) -> None:
    lead = await tables.lead()
    assert (await _line(tables))["last_message"] is None
    await tables.message(lead, text="Добрый день!\nРасскажите " + "подробнее " * 20)
    await tables.outgoing(lead, state="cancelled", text="не сказано")
    said = (await _line(tables))["last_message"]
    assert said.startswith("< Добрый день! Расскажите подробнее")
    assert len(said) == len("< ") + 60


@pytest.mark.parametrize("status", ["pending", "resolved"])
async def test_wait_counts_from_the_form_before_the_greeting(tables: Tables, status: str) -> None:
    await tables.lead(status=status, created_at=_ago(tables, hours=30))
    assert _seconds((await _line(tables))["waits"]) == pytest.approx(30 * 3600, abs=20)


@pytest.mark.parametrize("status", ["contacted", "engaged", "scheduled", "rejected", "no_reply"])
async def test_wait_counts_from_an_unanswered_message(tables: Tables, status: str) -> None:
    lead = await tables.lead(status=status, created_at=_ago(tables, hours=30))
    await tables.message(lead, created_at=_ago(tables, minutes=10))
    assert _seconds((await _line(tables))["waits"]) == pytest.approx(600, abs=20)


async def test_wait_continues_until_the_answer_is_sent(tables: Tables) -> None:
    lead = await tables.lead(status="engaged", created_at=_ago(tables, hours=30))
    await tables.message(lead, state="handled", created_at=_ago(tables, minutes=10))
    await tables.outgoing(lead, kind="answer", created_at=_ago(tables, minutes=9))
    waits = _seconds((await _line(tables))["waits"])
    assert 520 < waits < 620


@pytest.mark.parametrize("status", ["contacted", "engaged", "scheduled", "booked", "rejected", "handed_off"])
async def test_no_wait_after_the_last_message_was_ours(tables: Tables, status: str) -> None:
    lead = await tables.lead(status=status)
    assert (await _line(tables))["waits"] is None
    await tables.message(lead, state="handled")
    assert (await _line(tables))["waits"] is None
    await tables.outgoing(lead, state="sent")
    assert (await _line(tables))["waits"] is None
