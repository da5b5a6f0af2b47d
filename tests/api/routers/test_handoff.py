"""Takeover, human messages and release over HTTP: repeated calls have no further effect."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from shared.database.engine import Database
from shared.database.models import Message
from shared.statuses import LeadStatus
from tests.api.conftest import add_contacted_lead, rows, running

HELLO = {"text": "Здравствуйте, это Мария"}


async def add_message(database: Database, lead_id: int, **fields: Any) -> None:  # noqa: ANN401
    async with database.writing() as session:
        session.add(Message(lead_id=lead_id, account_id=1, **fields))


async def add_incoming(database: Database, lead_id: int, text: str, number: int, state: str) -> None:
    fields = {"direction": "in", "kind": "reply", "state": state, "telegram_message_id": number}
    await add_message(database, lead_id, text=text, **fields)


async def test_a_takeover_silences_the_assistant(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    await add_incoming(database, lead_id, "Сколько стоит сайт?", 2, "handled")
    answer = {"direction": "out", "kind": "answer", "state": "queued", "random_id": 2}
    await add_message(database, lead_id, text="От 100 000 ₽", **answer)
    first = await client.post(f"/leads/{lead_id}/takeover")
    assert first.status_code == 200
    lead = first.json()
    assert (lead["status"], lead["due_at"], lead["returns_at"]) == ("handed_off", None, None)
    assert lead["handoff_summary"].splitlines() == [
        "Анна, @anna_k",
        "Why: taken over on request",
        "> Здравствуйте!",
        "< Сколько стоит сайт?",
    ]
    assert (await client.post(f"/leads/{lead_id}/takeover")).json() == lead
    shown = (await client.get(f"/leads/{lead_id}")).json()
    assert shown["messages"][-1]["state"] == "cancelled"
    changes = [(event["to_status"], event["reason"], event["actor"]) for event in shown["events"]]
    assert changes[1:] == [("handed_off", "taken over on request", "api")]


async def test_a_release_reopens_unanswered_messages(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.SCHEDULED)
    await client.post(f"/leads/{lead_id}/takeover")
    human_reply = {"direction": "out", "kind": "human", "state": "sent", "telegram_message_id": 20}
    await add_incoming(database, lead_id, "Можно перенести?", 10, "handled")
    await add_message(database, lead_id, text="Да, на когда?", **human_reply)
    await add_incoming(database, lead_id, "А на пятницу?", 30, "handled")
    lead = (await client.post(f"/leads/{lead_id}/release")).json()
    assert (lead["status"], lead["handoff_summary"]) == ("scheduled", None)
    assert lead["due_at"] is not None
    shown = (await client.get(f"/leads/{lead_id}")).json()
    states = {message["text"]: message["state"] for message in shown["messages"]}
    assert states["Можно перенести?"] == "handled"
    assert states["А на пятницу?"] == "received"
    assert (await client.post(f"/leads/{lead_id}/release")).json() == lead


async def test_a_human_message_is_queued_once(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    path, key = f"/leads/{lead_id}/reply", {"Idempotency-Key": "abc"}
    answers = await asyncio.gather(*(client.post(path, json=HELLO, headers=key) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await client.post(path, json={"text": "Другое"}, headers=key)
    assert other.status_code == 409
    assert (await client.post(path, json=HELLO)).status_code == 201
    queued = await rows(database, "SELECT kind, state, text, random_id FROM messages WHERE state = 'queued'")
    assert [(row["kind"], row["text"]) for row in queued] == [("human", HELLO["text"])] * 2
    assert len({row["random_id"] for row in queued}) == 2
    lead = (await client.get(f"/leads/{lead_id}")).json()
    assert lead["status"] == "handed_off"
    assert datetime.fromisoformat(lead["due_at"]) <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", " \n", "х" * 4097])
async def test_a_text_that_telegram_would_refuse(lite: httpx2.AsyncClient, text: str) -> None:
    assert (await lite.post("/leads/1/reply", json={"text": text})).status_code == 422


async def test_impossible_handoffs_are_refused(lite: httpx2.AsyncClient, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    failed = await add_contacted_lead(database, LeadStatus.FAILED)
    pending = (await lite.post("/leads", json={"name": "Иван", "username": "ivan_k"})).json()["id"]
    assert (await lite.post("/leads/999/takeover")).status_code == 404
    for path, detail in (
        (f"/leads/{failed}/takeover", "the lead is failed: there is no conversation to take over"),
        (f"/leads/{failed}/reply", "the lead is failed: there is no conversation to take over"),
        (f"/leads/{pending}/reply", "nobody has been found in Telegram for this lead yet"),
    ):
        answer = await lite.post(path, json=HELLO)
        assert (answer.status_code, answer.json()["detail"]) == (409, detail)
    # A refusal changes nothing: not even the takeover that a reply includes.
    assert (await lite.get(f"/leads/{pending}")).json()["status"] == "pending"
    assert (await lite.post(f"/leads/{pending}/takeover")).json()["status"] == "handed_off"
    answer = await lite.post(f"/leads/{pending}/release")
    assert "nobody was found" in answer.json()["detail"]
    await database.close()


async def test_another_open_conversation_prevents_a_release(
    lite: httpx2.AsyncClient, sqlite_url: str
) -> None:
    database = Database(sqlite_url)
    first = await add_contacted_lead(database)
    await lite.post(f"/leads/{first}/takeover")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO leads (name, username, source, status, account_id, telegram_user_id)"
            f" VALUES ('Анна', 'anna_k', 'api', 'engaged', 1, {2**41})"
        )
    await database.close()
    answer = await lite.post(f"/leads/{first}/release")
    assert answer.status_code == 409
    assert answer.json()["detail"] == f"the same person's conversation is open as lead {first + 1}"


async def test_takeover_return_hours_sets_the_return_time(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    lead_id = await add_contacted_lead(database)
    await database.close()
    async with running(sqlite_url, takeover_return_hours="2") as client:
        lead = (await client.post(f"/leads/{lead_id}/takeover")).json()
    assert lead["due_at"] == lead["returns_at"]
    left = datetime.fromisoformat(lead["returns_at"]) - datetime.now(UTC)
    assert timedelta(hours=1) < left <= timedelta(hours=2)
