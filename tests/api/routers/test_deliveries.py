"""/deliveries: list them, show one, process one again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx2
import pytest
from sqlalchemy import update

from api.middleware.body_limits import LARGEST_BODY
from shared.database.engine import Database
from shared.database.models import DELIVERIES
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import FORM, PHONE

NO_CONTACT = {"Name": "Анна", "Phone": "нет"}


async def _ids(client: httpx2.AsyncClient, **params: str | int | list[str]) -> list[int]:
    answer = await client.get("/deliveries", params=params)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_deliveries_are_listed_and_shown(client: httpx2.AsyncClient, database: Database) -> None:
    form = {"Phone": PHONE, "token": "secret-word"}
    lead = (await client.post(WEBHOOK, data=form)).json()
    await client.post(WEBHOOK, data=form)
    await client.post(WEBHOOK, data=NO_CONTACT)
    await client.post(WEBHOOK, data={"test": "test"})
    page = (await client.get("/deliveries")).json()
    assert [item["outcome"] for item in page["items"]] == ["probe", "refused", "duplicate", "stored"]
    assert page["next_cursor"] is None
    assert "body" not in page["items"][0]
    first = (await client.get("/deliveries/1")).json()
    received = datetime.fromisoformat(first["received_at"])
    assert received.utcoffset() == timedelta(0)
    assert datetime.now(UTC) - received < timedelta(seconds=30)
    assert first == {
        "id": 1, "source": "tilda", "received_at": first["received_at"], "content_type": FORM,
        "outcome": "stored", "error": None, "lead_id": lead["id"],
        "body": urlencode(form).replace("secret-word", "***"), "query": None, "idempotency_key": None,
        "contact_evidence": {
            "phone": {"field": "Phone", "strength": "strong", "reason": "a field for phones"}
        },
    }  # fmt: skip
    assert await _ids(client, outcome="refused") == [3]
    assert await _ids(client, outcome=["refused", "probe"], limit=1) == [4]
    assert await _ids(client, lead_id=lead["id"]) == [2, 1]
    async with database.engine.begin() as connection:
        day = datetime(2026, 11, 22, 12, tzinfo=UTC)
        await connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == 2).values(received_at=day))
    assert await _ids(client, received_from="2026-11-22", received_to="2026-11-22") == [2]
    cursor = (await client.get("/deliveries", params={"limit": 2})).json()["next_cursor"]
    assert await _ids(client, limit=2, cursor=cursor) == [2, 1]


@pytest.mark.parametrize("query", ["outcome=lost", "lead_id=0", "cursor=zz", "limit=0", "received_from=x"])
async def test_an_invalid_filter(lite: httpx2.AsyncClient, query: str) -> None:
    assert (await lite.get(f"/deliveries?{query}")).status_code == 422


async def test_deliveries_require_the_token(sqlite_url: str) -> None:
    async with running(sqlite_url, api_token="right") as client:
        for method, path in (("GET", ""), ("GET", "/1"), ("POST", "/1/replay")):
            assert (await client.request(method, f"/deliveries{path}")).status_code == 401
        headers = {"Authorization": "Bearer right"}
        assert (await client.get("/deliveries/1", headers=headers)).status_code == 404


LIST = [{"name": "Имя", "value": "Анна"}, {"name": "Phone", "value": PHONE}]
MULTIPART = "multipart/form-data; boundary=X"
PICTURE = (
    b'--X\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n\x89PNG\x00\xff\xd8\r\n--X--'
)
PARTS = '--X\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
# Bodies that create a lead: a replay of the same bytes must create the same lead.
VALID_BODIES = [
    (urlencode({"Name": "Анна", "Phone": PHONE, "tranid": "1:2"}).encode(), FORM),
    (urlencode({"Имя": "Анна", "Телефон": PHONE}, encoding="cp1251").encode(), FORM),
    (f"Имя=Анна&Телефон={PHONE}".encode("cp1251"), FORM),
    (json.dumps({"data": LIST}).encode(), ""),
    ((PARTS.format("Имя", "Анна") + PARTS.format("Телефон", PHONE)).encode("cp1251") + b"--X--", MULTIPART),
    ((PARTS.format("Name", "Анна") + PARTS.format("Phone", PHONE)).encode("cp1251") + PICTURE, MULTIPART),
]  # fmt: skip


@pytest.mark.parametrize(("body", "content_type"), VALID_BODIES)
async def test_a_replay_creates_the_same_lead(sqlite_url: str, body: bytes, content_type: str) -> None:
    database = Database(sqlite_url)
    async with running(sqlite_url) as client:
        original = (await client.post(WEBHOOK, content=body, headers={"content-type": content_type})).json()
        assert (original["name"], original["phone_e164"]) == ("Анна", PHONE)
        # As if the call had been refused.
        async with database.engine.begin() as connection:
            await connection.execute(update(DELIVERIES).values(outcome="refused", lead_id=None, error="x"))
            await connection.exec_driver_sql("DELETE FROM leads")
        answer = await client.post("/deliveries/1/replay")
        assert answer.status_code == 201, answer.text
        lead = answer.json()
        assert {key: lead[key] for key in ("name", "phone", "extra")} == {
            key: original[key] for key in ("name", "phone", "extra")
        }
    (row,) = await deliveries(database)
    assert (row["outcome"], row["lead_id"], row["error"]) == ("stored", lead["id"], None)
    await database.close()


async def test_concurrent_replays_create_one_lead(client: httpx2.AsyncClient, database: Database) -> None:
    # Tilda sends a refused call three times.
    for _ in range(3):
        assert (await client.post(WEBHOOK, data=NO_CONTACT | {"tranid": "1:2"})).status_code == 422
    answer = await client.post("/deliveries/1/replay")
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "Phone"])
    async with database.engine.begin() as connection:
        good = urlencode({"Phone": PHONE, "tranid": "1:2"})
        await connection.execute(update(DELIVERIES).values(body=good))
    statuses: list[int] = []

    async def replay(delivery: int) -> None:
        statuses.append((await client.post(f"/deliveries/{delivery}/replay")).status_code)

    async with anyio.create_task_group() as group:
        for delivery in (1, 1, 1, 2, 3):
            group.start_soon(replay, delivery)
    assert sorted(statuses) == [200, 200, 201, 409, 409]
    (lead,) = await rows(database, "SELECT id FROM leads")
    refusal = await client.post("/deliveries/1/replay")
    assert refusal.status_code == 409
    assert refusal.json()["detail"].endswith(f"its lead is lead {lead['id']}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"test=test", "this is the test call that Tilda sends when the webhook is connected"),
        (b"Phone=%2B79991234567&x=" + b"x" * LARGEST_BODY, "the body is over 256 KiB"),
    ],
)
async def test_a_delivery_that_cannot_create_a_lead(
    lite: httpx2.AsyncClient, body: bytes, message: str
) -> None:
    await lite.post(WEBHOOK, content=body, headers={"content-type": FORM})
    before: dict[str, Any] = (await lite.get("/deliveries/1")).json()
    answer = await lite.post("/deliveries/1/replay")
    assert (answer.status_code, answer.json()["detail"][0]["msg"]) == (422, message)
    assert (await lite.get("/deliveries/1")).json() == before


async def test_a_replay_does_not_restore_an_erased_lead(lite: httpx2.AsyncClient, sqlite_url: str) -> None:
    lead = (await lite.post(WEBHOOK, data={"Phone": PHONE})).json()
    database = Database(sqlite_url)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"DELETE FROM leads WHERE id = {lead['id']}")
    await database.close()
    answer = await lite.post("/deliveries/1/replay")
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("has been deleted")
