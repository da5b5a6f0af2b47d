"""Routes for people and accounts, with a real Telegram client connected."""

from pathlib import Path

import httpx2

from sandbox.app import Sandbox
from tests.sandbox.fake_telegram.clients import session_client
from tests.support.waiting import until_async


async def test_people_are_listed_and_found(http: httpx2.AsyncClient) -> None:
    people = (await http.get("/people")).json()
    assert {"Анна", "John"} <= {person["name"] for person in people}
    [anna] = (await http.get("/people", params={"username": "@Anna_Smirnova"})).json()
    assert anna["id"] > 2**32
    [same] = (await http.get("/people", params={"phone": "+7 (916) 123-45-01"})).json()
    assert same == anna == (await http.get(f"/people/{anna['id']}")).json()
    assert (await http.get("/people", params={"phone": "нет"})).status_code == 422


async def test_a_person_can_be_created(http: httpx2.AsyncClient) -> None:
    body = {"name": "Игорь", "username": "@igor_new", "phone": "+7 916 000-00-01", "delay": 0}
    answer = await http.post("/people", json=body)
    assert answer.status_code == 201
    person = answer.json()
    assert (person["username"], person["phone"]) == ("igor_new", "79160000001")
    assert (await http.post("/people", json=body)).status_code == 409
    chosen = await http.post("/people", json={"name": "Ещё", "id": 9_000_000_000})
    assert chosen.json()["id"] == 9_000_000_000
    assert (await http.post("/people", json={"name": "", "kin": "bot"})).status_code == 422


async def test_a_person_can_be_changed(http: httpx2.AsyncClient) -> None:
    [anna] = (await http.get("/people", params={"username": "anna_smirnova"})).json()
    change = {"privacy": {"premium_only": True}, "username": None}
    changed = (await http.patch(f"/people/{anna['id']}", json=change)).json()
    assert changed["privacy"]["premium_only"]
    assert (changed["username"], changed["phone"]) == (None, anna["phone"])
    taken = await http.patch(f"/people/{anna['id']}", json={"username": "john_miller"})
    assert taken.status_code == 409


async def test_a_username_and_a_phone_can_be_handed_over(http: httpx2.AsyncClient) -> None:
    [anna] = (await http.get("/people", params={"username": "anna_smirnova"})).json()
    taker = (await http.post("/people", json={"name": "Борис"})).json()
    gift = {"to": taker["id"], "phone": True}
    taken = (await http.post(f"/people/{anna['id']}/hand-over", json=gift)).json()
    assert (taken["username"], taken["phone"]) == (anna["username"], anna["phone"])
    left = (await http.get(f"/people/{anna['id']}")).json()
    assert (left["username"], left["phone"]) == (None, None)


async def test_unread_messages_are_counted(http: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    [anna] = (await http.get("/people", params={"username": "anna_smirnova"})).json()
    account = next(iter(sandbox.telegram.world.accounts))
    said = {"texts": ["раз", "два"], "account": account}
    await http.post(f"/people/{anna['id']}/messages", json=said)
    assert (await http.get(f"/people/{anna['id']}/unread")).json() == {"unread": 2}


async def test_unknown_people_and_accounts_are_404(http: httpx2.AsyncClient) -> None:
    for path in ("/people/1", "/people/1/chat"):
        assert (await http.get(path)).status_code == 404
    assert (await http.post("/accounts/1/messages", json={"person": 1, "text": "?"})).status_code == 404


async def test_a_conversation_through_the_control_api(
    http: httpx2.AsyncClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    new = {"name": "Игорь", "username": "igor_new"}
    person_id = (await http.post("/people", json=new)).json()["id"]
    person = sandbox.telegram.world.people[person_id]
    without_account = await http.post(f"/people/{person_id}/messages", json={"text": "Привет"})
    assert without_account.status_code == 409
    async with session_client(sandbox.telegram, tmp_path) as worker:
        answer = await worker.send(sandbox.telegram, person, "Здравствуйте!", 2**62)
        said = {"texts": ["Привет", "Сколько стоит?"]}
        first, _ = (await http.post(f"/people/{person_id}/messages", json=said)).json()
        edit = {"edit": first["id"], "text": "Добрый день"}
        await http.post(f"/people/{person_id}/messages", json=edit)
        await http.post(f"/people/{person_id}/messages", json={"media": "voice"})
        human = {"person": person_id, "text": "Перезвоню сам"}
        await http.post(f"/accounts/{sandbox.account.id}/messages", json=human)
        await http.post("/people/messages", json={"people": [person_id], "text": "Алло"})
        expected = ["Привет", "Сколько стоит?", None, "Перезвоню сам", "Алло"]
        await until_async(lambda: worker.texts == expected)
    chat = (await http.get(f"/people/{person_id}/chat")).json()
    assert [(one["from"], one["text"], one["media"]) for one in chat] == [
        ("account", "Здравствуйте!", None),
        ("person", "Добрый день", None),
        ("person", "Сколько стоит?", None),
        ("person", "", "voice"),
        ("account", "Перезвоню сам", None),
        ("person", "Алло", None),
    ]
    assert (chat[0]["id"], chat[0]["random_id"]) == (answer.id, 2**62)
    assert chat[1]["edit_date"]
    assert chat[4]["random_id"] is None


async def test_a_person_can_write_first_to_a_given_account(
    http: httpx2.AsyncClient, sandbox: Sandbox
) -> None:
    [anna] = (await http.get("/people", params={"username": "anna_smirnova"})).json()
    said = {"text": "Здравствуйте", "account": sandbox.account.id}
    answer = await http.post(f"/people/{anna['id']}/messages", json=said)
    assert (answer.status_code, answer.json()[0]["from"]) == (201, "person")
    assert (await http.post(f"/people/{anna['id']}/messages", json={})).status_code == 422


async def test_accounts_are_listed_and_created(http: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    body = {"name": "Второй", "phone": "+7 999 000-00-02", "password": "тайна"}
    created = await http.post("/accounts", json=body)
    assert created.status_code == 201
    assert (await http.post("/accounts", json=body)).status_code == 409
    first, second = (await http.get("/accounts")).json()
    assert first["id"] == sandbox.account.id
    assert (second["has_password"], second["code"]) == (True, "12345")
    assert "тайна" not in created.text


async def test_a_person_can_read_without_a_reply(
    http: httpx2.AsyncClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    [elena] = (await http.get("/people", params={"phone": "79161234503"})).json()
    person = sandbox.telegram.world.people[elena["id"]]
    async with session_client(sandbox.telegram, tmp_path) as worker:
        sent = await worker.send(sandbox.telegram, person, "Здравствуйте!", 1)
        await http.post(f"/people/{person.id}/read")
        await until_async(lambda: [getattr(one, "max_id", 0) for one in worker.updates] == [sent.id])
