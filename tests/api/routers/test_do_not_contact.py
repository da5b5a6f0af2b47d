"""The do-not-contact list over HTTP: marks come and go by contact, and show nobody's."""

import httpx2

PERSON = {"phone": "+7 999 123-45-67", "username": "https://t.me/Anna_K"}


async def test_marks_come_and_go(client: httpx2.AsyncClient) -> None:
    first = await client.post("/do-not-contact", json=PERSON | {"reason": " asked\nby e-mail "})
    again = await client.post("/do-not-contact", json={"phone": "8 (999) 1234567"})
    assert (first.status_code, again.status_code) == (201, 200)
    marks = first.json()
    assert {mark["kind"] for mark in marks} == {"phone", "username"}
    assert {(mark["reason"], mark["actor"]) for mark in marks} == {("asked by e-mail", "api")}
    assert [mark["kind"] for mark in again.json()] == ["phone"]
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
        found += [mark["id"] for mark in answer["items"]]
        if answer["next_cursor"] is None:
            break
        page = {"cursor": answer["next_cursor"]}
    assert found == sorted(found, reverse=True)
    assert len(found) == 5


async def test_a_lead_gives_all_its_contacts(lite: httpx2.AsyncClient) -> None:
    lead = (await lite.post("/leads", json={"name": "Анна", **PERSON})).json()
    marks = (await lite.post("/do-not-contact", json={"lead_id": lead["id"]})).json()
    assert [(mark["kind"], mark["lead_id"]) for mark in marks] == [
        ("phone", lead["id"]),
        ("username", lead["id"]),
    ]
    assert (await lite.post("/do-not-contact", json={"lead_id": 99})).status_code == 404


async def test_what_is_no_contact_is_refused_by_field(lite: httpx2.AsyncClient) -> None:
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
