"""The do-not-contact list: entries are added and removed by contact, and contain only hashes."""

import httpx2

PERSON = {"phone": "+7 999 123-45-67", "username": "https://t.me/Anna_K"}


async def test_entries_are_added_and_removed(client: httpx2.AsyncClient) -> None:
    first = await client.post("/do-not-contact", json=PERSON | {"reason": " asked\nby e-mail "})
    again = await client.post("/do-not-contact", json={"phone": "8 (999) 1234567"})
    assert (first.status_code, again.status_code) == (201, 200)
    entries = first.json()
    assert {entry["kind"] for entry in entries} == {"phone", "username"}
    assert {(entry["reason"], entry["actor"]) for entry in entries} == {("asked by e-mail", "api")}
    assert [entry["kind"] for entry in again.json()] == ["phone"]
    assert "9991234567" not in first.text
    assert "anna" not in first.text.lower()
    checked = await client.get("/do-not-contact/check", params={"username": "@anna_k"})
    assert checked.json()["listed"]
    assert (await client.delete("/do-not-contact", params={"phone": PERSON["phone"]})).status_code == 204
    assert (await client.delete("/do-not-contact", params={"phone": PERSON["phone"]})).status_code == 404
    checked = await client.get("/do-not-contact/check", params={"phone": PERSON["phone"]})
    assert checked.json() == {"listed": False, "marks": []}


async def test_the_list_comes_in_pages(lite: httpx2.AsyncClient) -> None:
    for number in range(5):
        await lite.post("/do-not-contact", json={"phone": f"+7999000000{number}"})
    found: list[int] = []
    page: dict[str, str] = {}
    while True:
        answer = (await lite.get("/do-not-contact", params={"limit": "2", **page})).json()
        found += [entry["id"] for entry in answer["items"]]
        if answer["next_cursor"] is None:
            break
        page = {"cursor": answer["next_cursor"]}
    assert found == sorted(found, reverse=True)
    assert len(found) == 5


async def test_all_contacts_of_a_lead_are_added(lite: httpx2.AsyncClient) -> None:
    lead = (await lite.post("/leads", json={"name": "Анна", **PERSON})).json()
    entries = (await lite.post("/do-not-contact", json={"lead_id": lead["id"]})).json()
    assert [(entry["kind"], entry["lead_id"]) for entry in entries] == [
        ("phone", lead["id"]),
        ("username", lead["id"]),
    ]
    assert (await lite.post("/do-not-contact", json={"lead_id": 99})).status_code == 404


async def test_an_invalid_contact_is_refused_with_its_field(lite: httpx2.AsyncClient) -> None:
    wrong: list[dict[str, str]] = [
        {}, {"phone": "перезвоните"}, {"username": "не скажу"}, {"phne": "+79991234567"}, {"reason": ""}
    ]  # fmt: skip
    for body in wrong:
        answer = await lite.post("/do-not-contact", json=body)
        assert answer.status_code == 422, body
        assert answer.json()["detail"][0]["loc"][0] == "body"
    for method, path in (("GET", "/do-not-contact/check"), ("DELETE", "/do-not-contact")):
        for query in ({}, {"phone": "перезвоните"}):
            answer = await lite.request(method, path, params=query)
            assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "phone"])
