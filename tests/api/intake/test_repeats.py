"""An identical submission is the same lead; a different one is always a new lead."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import httpx2
import pytest

from api.intake.store import store
from api.intake.submission import Delivery, Result, Submission, with_key
from shared.contacts import Contact, Phone
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import PHONE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=2)
LEAD = {"name": "Анна", "phone": PHONE, "comment": "Нужен сайт"}
FORM = {"Name": "Анна", "Phone": PHONE, "Comments": "Нужен сайт"}
ANNA = Submission("Анна", Contact(None, "anna_k"), "tilda")


async def _submit(database: Database, at: datetime) -> tuple[int, bool]:
    async with database.engine.begin() as connection:
        (result,) = (await connection.run_sync(store, [with_key(ANNA, at, WINDOW)], WINDOW)).values()
    assert result.lead
    return result.lead["id"], result.created


@pytest.mark.parametrize("form", [FORM, FORM | {"tranid": "1:2"}], ids=["fingerprint", "tranid"])
async def test_two_hundred_concurrent_retries_are_one_lead(
    client: httpx2.AsyncClient, database: Database, form: dict[str, str]
) -> None:
    responses: list[httpx2.Response] = []

    async def deliver() -> None:
        responses.append(await client.post(WEBHOOK, data=form))

    async with anyio.create_task_group() as group:
        for _ in range(200):
            group.start_soon(deliver)
    assert sorted(response.status_code for response in responses) == [200] * 199 + [201]
    assert len({response.json()["id"] for response in responses}) == 1
    (count,) = await rows(database, "SELECT count(*) AS leads FROM leads")
    assert count["leads"] == 1
    counts = "SELECT outcome, count(*) AS n FROM webhook_deliveries GROUP BY outcome ORDER BY outcome"
    assert [tuple(row.values()) for row in await rows(database, counts)] == [
        ("duplicate", 199),
        ("stored", 1),
    ]


async def test_identical_content_is_a_repeat(lite: httpx2.AsyncClient) -> None:
    first = await lite.post("/leads", json=LEAD)
    again = await lite.post("/leads", json=LEAD | {"phone": "8 (999) 123-45-67"})
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    others = [LEAD | {"comment": "И реклама"}, LEAD | {"name": "Яна"}, LEAD | {"username": "anna_k"}]
    for other in others:
        assert (await lite.post("/leads", json=other)).status_code == 201
    # The same content through another source is another lead.
    assert (await lite.post(WEBHOOK, data=FORM)).status_code == 201


async def test_a_repeat_counts_only_within_the_window(database: Database) -> None:
    async def at(seconds: float) -> tuple[int, bool]:
        return await _submit(database, NOW + timedelta(seconds=seconds))

    first, _ = await at(0)
    assert await at(119) == (first, False)
    second, created = await at(121)
    assert (created, second == first) == (True, False)
    assert await at(240) == (second, False)
    # A submission processed hours late does not replace the newer lead, and is not stored twice.
    late, created = await at(-7200)
    assert (created, await at(-7200)) == (True, (late, False))
    assert await at(240) == (second, False)


async def test_one_transaction_can_store_new_repeated_expired_and_late_submissions(
    database: Database,
) -> None:
    others = [replace(ANNA, name=name) for name in ("Яна", "Мария", "Пётр", "Новый")]
    repeated, expired, late, unknown = (with_key(one, NOW, WINDOW, _delivery(one.name)) for one in others)
    later = replace(expired, at=NOW + timedelta(hours=1))
    earlier = replace(late, at=NOW - timedelta(hours=1))
    async with database.engine.begin() as connection:
        first = await connection.run_sync(store, [repeated, expired, late], WINDOW)
    again = [replace(repeated, at=NOW + timedelta(seconds=1)), later, earlier, unknown]
    async with database.engine.begin() as connection:
        results = await connection.run_sync(store, again, WINDOW)
    assert [results[one.key].created for one in again] == [False, True, True, True]
    assert results[repeated.key].lead == first[repeated.key].lead
    keys = {row["id"]: row["source_key"] for row in await rows(database, "SELECT id, source_key FROM leads")}
    fingerprints = [one.key[1] for one in (repeated, expired, late)]
    assert [keys[_id(first[one.key])] for one in (repeated, expired, late)] == [
        fingerprints[0],
        f"{fingerprints[1]}@{NOW.isoformat()}",
        fingerprints[2],
    ]
    assert keys[_id(results[expired.key])] == fingerprints[1]
    assert keys[_id(results[late.key])] == f"{fingerprints[2]}@{earlier.at.isoformat()}"
    outcomes: dict[int, list[str]] = defaultdict(list)
    for row in await deliveries(database):
        outcomes[row["lead_id"]].append(row["outcome"])
    assert outcomes.pop(_id(first[repeated.key])) == ["stored", "duplicate"]
    assert list(outcomes.values()) == [["stored"]] * 5


async def test_a_second_try_does_not_record_the_delivery_twice(database: Database) -> None:
    arrival = with_key(ANNA, NOW, WINDOW, _delivery("Анна"))
    for at in (0, 0, 1, 1):
        submission = replace(arrival, at=NOW + timedelta(seconds=at))
        async with database.engine.begin() as connection:
            await connection.run_sync(store, [submission], WINDOW)
    assert [row["outcome"] for row in await deliveries(database)] == ["stored", "duplicate"]


def _delivery(body: str) -> Delivery:
    return Delivery("tilda", NOW, None, body, "utf-8")


def _id(result: Result) -> int:
    assert result.lead
    return int(result.lead["id"])


async def test_after_the_window_only_one_of_many_concurrent_submissions_is_new(database: Database) -> None:
    await _submit(database, NOW)
    later = NOW + timedelta(hours=1)
    found: list[tuple[int, bool]] = []

    async def again() -> None:
        found.append(await _submit(database, later))

    async with anyio.create_task_group() as group:
        for _ in range(30):
            group.start_soon(again)
    assert len({lead_id for lead_id, _ in found}) == 1
    assert sum(created for _, created in found) == 1


async def test_a_window_of_zero_disables_the_detection_of_repeats(sqlite_url: str) -> None:
    async with running(sqlite_url, repeat_window_seconds="0") as client:
        for _ in range(2):
            assert (await client.post("/leads", json=LEAD)).status_code == 201
            assert (await client.post(WEBHOOK, data=FORM)).status_code == 201


async def test_an_idempotency_key_with_other_content_is_refused(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first = await client.post("/leads", json=LEAD, headers=headers)
    assert (await client.post("/leads", json=LEAD, headers=headers)).json() == first.json()
    response = await client.post("/leads", json=LEAD | {"comment": "Нет, реклама"}, headers=headers)
    assert response.status_code == 409
    assert f"it belongs to lead {first.json()['id']}" in response.json()["detail"]
    assert len((await client.get("/leads")).json()["items"]) == 1
    # With a new key the same content is a new lead: the caller states that it is another request.
    assert (await client.post("/leads", json=LEAD, headers={"Idempotency-Key": "l"})).status_code == 201


def test_a_fingerprint_depends_only_on_the_content() -> None:
    phone = Phone("89991234567", "+79991234567")
    one = Submission("Анна", Contact(phone, "Anna_K"), "api", "k", {"a": 1, "b": [None, "я"]})
    same = Submission(
        "Анна", Contact(Phone("+79991234567", "+79991234567"), "anna_k"), "tilda", None,
        {"b": [None, "я"], "a": 1},
    )  # fmt: skip
    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != Submission("Анна", Contact(phone, "anna_k"), "api").fingerprint
