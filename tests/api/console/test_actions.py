"""What operators do with a lead: each action, and what happens if somebody has written since."""

import re
from html import unescape

import httpx2
import pytest
from sqlalchemy import update

from shared.database.engine import Database
from shared.database.models import LEADS, Lead, Message
from shared.statuses import LeadStatus
from tests.api.conftest import Client, add_contacted_lead, add_draft, rows
from tests.api.console.conftest import signed_in

KEY = "0123456789abcdef" * 2


async def add_words(database: Database, lead_id: int, text: str = "А сколько стоит?") -> int:
    message = Message(
        lead_id=lead_id, account_id=1, direction="in", kind="reply", state="received", text=text
    )
    async with database.writing() as session:
        session.add(message)
    return message.id


async def status_of(database: Database, lead_id: int) -> LeadStatus:
    async with database.reading() as session:
        return (await session.get_one(Lead, lead_id)).status


async def sent_by_humans(database: Database) -> list[str]:
    found = await rows(database, "SELECT text FROM messages WHERE kind = 'human' ORDER BY id")
    return [row["text"] for row in found]


async def seen(browser: httpx2.AsyncClient, lead_id: int) -> str:
    page = await browser.get(f"/console/leads/{lead_id}")
    match = re.search(r'name="seen" value="(\d+)"', page.text)
    assert match
    return match[1]


async def reply(
    browser: httpx2.AsyncClient, lead_id: int, seen_id: str | int, **form: object
) -> httpx2.Response:
    values = {"seen": seen_id, "key": KEY, "text": "Добрый день!", **form}
    return await browser.post(f"/console/leads/{lead_id}/reply", data=values)


async def test_a_reply_takes_over_and_is_queued_under_the_users_name(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database)
    await add_words(database, lead_id)
    assert (await reply(operator, lead_id, await seen(operator, lead_id))).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.HANDED_OFF
    (message,) = await rows(database, "SELECT state, text FROM messages WHERE kind = 'human'")
    assert message == {"state": "queued", "text": "Добрый день!"}
    (event,) = await rows(database, "SELECT actor FROM lead_events WHERE to_status = 'handed_off'")
    assert event["actor"] == "Мария"
    (action,) = await rows(database, "SELECT actor, action FROM lead_actions")
    assert action == {"actor": "Мария", "action": "reply"}


async def test_the_same_form_sent_twice_sends_once(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    seen_id = await seen(operator, lead_id)
    for _ in range(2):
        assert (await reply(operator, lead_id, seen_id)).status_code == 303
    assert await sent_by_humans(database) == ["Добрый день!"]


async def test_a_reply_that_misses_new_words_is_not_sent(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database)
    seen_id = await seen(operator, lead_id)
    await add_words(database, lead_id, "Уже не надо, спасибо")
    refused = await reply(operator, lead_id, seen_id, text="Когда <b>удобно</b>?")
    assert refused.status_code == 409
    page = unescape(refused.text)
    assert "Уже не надо, спасибо" in page
    # What was typed is kept.
    assert "Когда &lt;b&gt;удобно&lt;/b&gt;?</textarea>" in refused.text
    assert await sent_by_humans(database) == []
    assert await status_of(database, lead_id) is LeadStatus.CONTACTED
    assert (await reply(operator, lead_id, await seen(operator, lead_id))).status_code == 303


async def test_of_two_operators_only_one_answers(client: Client, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    async with (
        signed_in(client, database, "Мария") as maria,
        signed_in(client, database, "Олег") as oleg,
    ):
        both = [await seen(maria, lead_id), await seen(oleg, lead_id)]
        assert (await reply(maria, lead_id, both[0], key="a" * 32, text="от Марии")).status_code == 303
        refused = await reply(oleg, lead_id, both[1], key="b" * 32, text="от Олега")
        assert refused.status_code == 409
        assert "от Марии" in refused.text
    assert await sent_by_humans(database) == ["от Марии"]


@pytest.mark.parametrize("action", ["take-over"])
async def test_a_takeover_that_misses_new_words_is_refused(
    operator: httpx2.AsyncClient, database: Database, action: str
) -> None:
    lead_id = await add_contacted_lead(database)
    seen_id = await seen(operator, lead_id)
    await add_words(database, lead_id)
    refused = await operator.post(f"/console/leads/{lead_id}/{action}", data={"seen": seen_id})
    assert refused.status_code == 409
    assert await status_of(database, lead_id) is LeadStatus.CONTACTED


async def test_take_over_and_give_back(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    form = {"seen": await seen(operator, lead_id)}
    assert (await operator.post(f"/console/leads/{lead_id}/take-over", data=form)).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.HANDED_OFF
    assert (await operator.post(f"/console/leads/{lead_id}/give-back")).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.ENGAGED
    actors = await rows(database, "SELECT actor FROM lead_events WHERE from_status IS NOT NULL ORDER BY id")
    assert [row["actor"] for row in actors] == ["Мария", "Мария"]


@pytest.mark.parametrize(("text", "state"), [("От 100 000 ₽", "approve"), ("Другой текст", "approve_edited")])
async def test_a_draft_is_approved_with_or_without_a_change(
    operator: httpx2.AsyncClient, database: Database, text: str, state: str
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.ENGAGED)
    draft = await add_draft(database, lead_id)
    form = {"seen": await seen(operator, lead_id), "lead": lead_id, "text": text}
    assert (await operator.post(f"/console/drafts/{draft}/approve", data=form)).status_code == 303
    (message,) = await rows(database, f"SELECT state, text FROM messages WHERE id = {draft}")
    assert message == {"state": "queued", "text": text}
    (action,) = await rows(database, "SELECT action, message_id FROM lead_actions")
    assert action == {"action": state, "message_id": draft}


async def test_a_draft_that_misses_new_words_is_not_sent(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.ENGAGED)
    draft = await add_draft(database, lead_id)
    form = {"seen": await seen(operator, lead_id), "lead": lead_id, "text": "От 100 000 ₽"}
    await add_words(database, lead_id, "Стоп, уже купил")
    refused = await operator.post(f"/console/drafts/{draft}/approve", data=form)
    assert refused.status_code == 409
    assert "Стоп, уже купил" in refused.text
    (message,) = await rows(database, f"SELECT state FROM messages WHERE id = {draft}")
    assert message["state"] == "draft"


async def test_a_draft_of_another_lead_is_not_found(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.ENGAGED)
    draft = await add_draft(database, lead_id)
    form = {"seen": 99, "lead": lead_id + 1, "text": "…"}
    assert (await operator.post(f"/console/drafts/{draft}/approve", data=form)).status_code == 404


async def test_a_rejected_draft_hands_the_conversation_over(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.ENGAGED)
    draft = await add_draft(database, lead_id)
    assert (await operator.post(f"/console/drafts/{draft}/reject")).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.HANDED_OFF
    (message,) = await rows(database, f"SELECT state FROM messages WHERE id = {draft}")
    assert message["state"] == "cancelled"


async def test_retry(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.FAILED)
    assert (await operator.post(f"/console/leads/{lead_id}/retry")).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.PENDING
    assert (await operator.post(f"/console/leads/{lead_id}/retry")).status_code == 409


async def test_a_note_is_shown_and_never_sent(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    form = {"text": "Просил звонить после 18"}
    assert (await operator.post(f"/console/leads/{lead_id}/notes", data=form)).status_code == 303
    assert "Просил звонить после 18" in (await operator.get(f"/console/leads/{lead_id}")).text
    assert await sent_by_humans(database) == []


async def test_do_not_contact(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    assert (await operator.post(f"/console/leads/{lead_id}/do-not-contact")).status_code == 303
    kinds = await rows(database, "SELECT kind, actor FROM do_not_contact ORDER BY kind")
    assert [row["kind"] for row in kinds] == ["telegram", "username"]
    assert kinds[0]["actor"] == "Мария"


@pytest.mark.parametrize("text", ["", "   ", "я" * 4097])
async def test_a_text_that_telegram_would_refuse_is_refused(
    operator: httpx2.AsyncClient, database: Database, text: str
) -> None:
    lead_id = await add_contacted_lead(database)
    refused = await reply(operator, lead_id, await seen(operator, lead_id), text=text)
    assert refused.status_code == 422
    assert await sent_by_humans(database) == []


async def test_a_lead_that_nobody_was_found_for_cannot_be_written_to(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.PENDING)
    async with database.writing() as session:
        await session.exec(update(LEADS).values(account_id=None, telegram_user_id=None))
    refused = await reply(operator, lead_id, 99)
    assert refused.status_code == 409
    assert await status_of(database, lead_id) is LeadStatus.PENDING


async def test_notes_and_actions_are_exported_and_erased(client: Client, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    async with signed_in(client, database, "Вера", "owner") as owner:
        await owner.post(f"/console/leads/{lead_id}/notes", data={"text": "важная заметка"})
        exported = (await owner.post(f"/console/leads/{lead_id}/export")).json()
        assert exported["lead_notes"][0]["text"] == "важная заметка"
        assert exported["lead_actions"][0]["action"] == "export"
        erased = await owner.post(
            f"/console/leads/{lead_id}/erase", data={"everything": "true", "forbid": "true"}
        )
        assert erased.headers["location"] == "/console/"
    for table in ("leads", "messages", "lead_notes", "lead_actions", "lead_views"):
        assert await rows(database, f"SELECT * FROM {table}") == []
    assert len(await rows(database, "SELECT * FROM do_not_contact")) == 2


async def test_a_colleague_who_is_typing_is_named(client: Client, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    async with (
        signed_in(client, database, "Мария") as maria,
        signed_in(client, database, "Олег") as oleg,
    ):
        await maria.get(f"/console/leads/{lead_id}")
        assert (await maria.post(f"/console/leads/{lead_id}/answering")).status_code == 204
        assert "Мария is answering" in (await oleg.get(f"/console/leads/{lead_id}")).text
        assert "is answering" not in (await maria.get(f"/console/leads/{lead_id}")).text
        assert (await reply(maria, lead_id, await seen(maria, lead_id))).status_code == 303
        assert "is answering" not in (await oleg.get(f"/console/leads/{lead_id}")).text
