"""Taking over, writing as a human and giving back over HTTP: once, however often it is asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from shared.database.engine import Database
from shared.database.models import Message
from shared.statuses import LeadStatus
from tests.api.conftest import rows, running, talked_to

HELLO = {"text": "Здравствуйте, это Мария"}


async def add(database: Database, lead_id: int, **fields: Any) -> None:  # noqa: ANN401
    async with database.writing() as session:
        session.add(Message(lead_id=lead_id, account_id=1, **fields))


async def heard(database: Database, lead_id: int, text: str, number: int, state: str) -> None:
    what = {"direction": "in", "kind": "reply", "state": state, "telegram_message_id": number}
    await add(database, lead_id, text=text, **what)


async def test_taken_over_the_assistant_is_silent(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await talked_to(database)
    await heard(database, lead_id, "Сколько стоит сайт?", 2, "handled")
    answer = {"direction": "out", "kind": "answer", "state": "queued", "random_id": 2}
    await add(database, lead_id, text="От 100 000 ₽", **answer)
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
    moves = [(move["to_status"], move["reason"], move["actor"]) for move in shown["events"]]
    assert moves[1:] == [("handed_off", "taken over on request", "api")]


async def test_given_back_it_answers_what_nobody_has(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await talked_to(database, LeadStatus.SCHEDULED)
    await client.post(f"/leads/{lead_id}/takeover")
    typed = {"direction": "out", "kind": "human", "state": "sent", "telegram_message_id": 20}
    await heard(database, lead_id, "Можно перенести?", 10, "handled")
    await add(database, lead_id, text="Да, на когда?", **typed)
    await heard(database, lead_id, "А на пятницу?", 30, "handled")
    lead = (await client.post(f"/leads/{lead_id}/release")).json()
    assert (lead["status"], lead["handoff_summary"]) == ("scheduled", None)
    assert lead["due_at"] is not None
    shown = (await client.get(f"/leads/{lead_id}")).json()
    states = {message["text"]: message["state"] for message in shown["messages"]}
    assert states["Можно перенести?"] == "handled"
    assert states["А на пятницу?"] == "received"
    assert (await client.post(f"/leads/{lead_id}/release")).json() == lead


async def test_a_humans_words_are_queued_once(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await talked_to(database)
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
async def test_words_that_telegram_would_not_take(lite: httpx2.AsyncClient, text: str) -> None:
    assert (await lite.post("/leads/1/reply", json={"text": text})).status_code == 422


async def test_what_cannot_change_hands(lite: httpx2.AsyncClient, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    failed = await talked_to(database, LeadStatus.FAILED)
    pending = (await lite.post("/leads", json={"name": "Иван", "username": "ivan_k"})).json()["id"]
    assert (await lite.post("/leads/999/takeover")).status_code == 404
    for path, said in (
        (f"/leads/{failed}/takeover", "the lead is failed: there is no conversation to take over"),
        (f"/leads/{failed}/reply", "the lead is failed: there is no conversation to take over"),
        (f"/leads/{pending}/reply", "nobody has been found in Telegram for this lead yet"),
    ):
        answer = await lite.post(path, json=HELLO)
        assert (answer.status_code, answer.json()["detail"]) == (409, said)
    # A refusal changes nothing, also not the half of it that would have been possible.
    assert (await lite.get(f"/leads/{pending}")).json()["status"] == "pending"
    assert (await lite.post(f"/leads/{pending}/takeover")).json()["status"] == "handed_off"
    answer = await lite.post(f"/leads/{pending}/release")
    assert "nobody was found" in answer.json()["detail"]
    await database.close()


async def test_another_open_conversation_is_in_the_way(lite: httpx2.AsyncClient, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    first = await talked_to(database)
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


async def test_it_comes_back_by_itself_if_so_set(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    lead_id = await talked_to(database)
    await database.close()
    async with running(sqlite_url, takeover_return_hours="2") as client:
        lead = (await client.post(f"/leads/{lead_id}/takeover")).json()
    assert lead["due_at"] == lead["returns_at"]
    left = datetime.fromisoformat(lead["returns_at"]) - datetime.now(UTC)
    assert timedelta(hours=1) < left <= timedelta(hours=2)
