"""lead_overview: one line a lead for whoever looks with psql."""

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
    """A moment as the tables hold it."""
    moment = datetime.now(UTC) - timedelta(**delta)
    return moment if tables.database.is_postgres else moment.replace(tzinfo=None).isoformat(" ")


def _seconds(waits: object) -> float:
    if isinstance(waits, timedelta):
        return waits.total_seconds()
    match = re.fullmatch(r"(\d{2,}):([0-5]\d):([0-5]\d)", str(waits))
    assert match, waits
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])


async def test_one_line_a_lead_the_newest_first(tables: Tables) -> None:
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
async def test_the_contact_that_can_be_used(tables: Tables, values: dict[str, object], contact: str) -> None:
    await tables.lead(**values)
    assert (await _line(tables))["contact"] == contact


async def test_a_long_message_is_one_short_line_and_a_cancelled_one_was_not_said(tables: Tables) -> None:
    lead = await tables.lead()
    assert (await _line(tables))["last_message"] is None
    await tables.message(lead, text="Добрый день!\nРасскажите " + "подробнее " * 20)
    await tables.outgoing(lead, state="cancelled", text="не сказано")
    said = (await _line(tables))["last_message"]
    assert said.startswith("< Добрый день! Расскажите подробнее")
    assert len(said) == len("< ") + 60


@pytest.mark.parametrize("status", ["pending", "resolved"])
async def test_before_the_greeting_the_person_waits_since_the_form(tables: Tables, status: str) -> None:
    await tables.lead(status=status, created_at=_ago(tables, hours=30))
    assert _seconds((await _line(tables))["waits"]) == pytest.approx(30 * 3600, abs=20)


@pytest.mark.parametrize("status", ["contacted", "engaged", "scheduled", "rejected", "no_reply"])
async def test_the_person_waits_while_a_message_is_unanswered(tables: Tables, status: str) -> None:
    lead = await tables.lead(status=status, created_at=_ago(tables, hours=30))
    await tables.message(lead, created_at=_ago(tables, minutes=10))
    assert _seconds((await _line(tables))["waits"]) == pytest.approx(600, abs=20)


async def test_the_person_waits_while_the_answer_is_not_sent(tables: Tables) -> None:
    lead = await tables.lead(status="engaged", created_at=_ago(tables, hours=30))
    await tables.message(lead, state="handled", created_at=_ago(tables, minutes=10))
    await tables.outgoing(lead, kind="answer", created_at=_ago(tables, minutes=9))
    waits = _seconds((await _line(tables))["waits"])
    assert 520 < waits < 620


@pytest.mark.parametrize("status", ["contacted", "engaged", "scheduled", "booked", "rejected", "handed_off"])
async def test_nobody_waits_when_it_is_not_our_turn(tables: Tables, status: str) -> None:
    lead = await tables.lead(status=status)
    assert (await _line(tables))["waits"] is None
    await tables.message(lead, state="handled")
    assert (await _line(tables))["waits"] is None
    await tables.outgoing(lead, state="sent")
    assert (await _line(tables))["waits"] is None
