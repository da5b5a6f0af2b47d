"""Drafts: list them, approve one (also with another text), reject one."""

import httpx2

from shared.database.engine import Database
from shared.database.models import Message
from tests.api.conftest import add_contacted_lead, add_draft, rows


async def add_question(database: Database, lead_id: int) -> None:
    fields = {"direction": "in", "kind": "reply", "state": "handled", "intent": "question"}
    async with database.writing() as session:
        question = Message(
            lead_id=lead_id, account_id=1, text="Сколько стоит сайт?", telegram_message_id=2, **fields
        )
        session.add(question)


async def test_an_approved_draft_is_queued_once(client: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    await add_question(database, lead_id)
    unchanged, edited = [await add_draft(database, lead_id) for _ in range(2)]
    first, _ = (await client.get("/drafts")).json()
    assert (first["id"], first["lead_id"], first["lead_name"]) == (unchanged, lead_id, "Анна")
    assert (first["text"], first["last_words"]) == ("От 100 000 ₽", "Сколько стоит сайт?")
    answer = await client.post(f"/drafts/{unchanged}/approve")
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    replacement = {"text": "Смотря какой"}
    for _ in range(2):
        answer = await client.post(f"/drafts/{edited}/approve", json=replacement)
        assert (answer.json()["state"], answer.json()["text"]) == ("queued", "Смотря какой")
    queued = await rows(database, "SELECT text, random_id FROM messages WHERE state = 'queued' ORDER BY id")
    assert [row["text"] for row in queued] == ["От 100 000 ₽", "Смотря какой"]
    assert all(row["random_id"] for row in queued)
    assert (await client.get(f"/leads/{lead_id}")).json()["due_at"] is not None
    assert (await client.get("/drafts")).json() == []
    assert (await client.post(f"/drafts/{unchanged}/reject")).status_code == 409


async def test_a_rejected_draft_hands_the_lead_to_a_human(
    client: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database)
    await add_question(database, lead_id)
    draft = await add_draft(database, lead_id)
    for _ in range(2):
        assert (await client.post(f"/drafts/{draft}/reject")).json()["state"] == "cancelled"
    assert (await client.get(f"/leads/{lead_id}")).json()["status"] == "handed_off"
    late = await client.post(f"/drafts/{draft}/approve")
    assert (late.status_code, late.json()["detail"]) == (
        409,
        "the message is cancelled: the draft was rejected",
    )
    lead = (await client.post(f"/leads/{lead_id}/release")).json()
    assert lead["due_at"] is not None
    states = [message["state"] for message in (await client.get(f"/leads/{lead_id}")).json()["messages"]]
    assert states == ["sent", "received", "cancelled"]


async def test_a_message_that_was_never_a_draft_is_not_approved(
    client: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database)
    await add_question(database, lead_id)
    [greeting, question] = (await client.get(f"/leads/{lead_id}")).json()["messages"]
    answer = await client.post(f"/drafts/{greeting['id']}/approve")
    assert (answer.status_code, answer.json()["detail"]) == (409, "the message was not a draft")
    for missing in (question["id"], 999):
        answer = await client.post(f"/drafts/{missing}/approve")
        assert (answer.status_code, answer.json()["detail"]) == (404, f"there is no draft {missing}")
