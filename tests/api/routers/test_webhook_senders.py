"""The webhook of any sender: sources, lists of people, ids, query strings and GET."""

import json
from collections import Counter
from typing import Any

import httpx2
import pytest

from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running

ALBATO = "/leads/webhooks/albato"
PHONES = [f"+7999000940{digit}" for digit in range(10)]


async def post(client: httpx2.AsyncClient, value: object, path: str = ALBATO, **headers: str) -> Any:  # noqa: ANN401
    return await client.post(path, json=value, headers=headers)


async def test_the_last_part_of_the_address_is_the_source(client: httpx2.AsyncClient) -> None:
    lead = (await post(client, {"name": "Анна", "phone": PHONES[0]}, "/leads/webhooks/My-Quiz-2")).json()
    assert lead["source"] == "my-quiz-2"
    assert (await post(client, {"name": "Анна", "phone": PHONES[0]}, WEBHOOK)).json()["source"] == "tilda"


@pytest.mark.parametrize("name", ["api", "IMPORT", "a_b", "a.b", "x" * 41, "%D1%8F", "-a"])
async def test_a_name_that_cannot_be_a_source(lite: httpx2.AsyncClient, name: str) -> None:
    answer = await post(lite, {"phone": PHONES[0]}, f"/leads/webhooks/{name}")
    assert answer.status_code == 404, answer.text
    assert (await lite.get("/leads")).json()["items"] == []


async def test_a_list_of_people_is_several_leads(client: httpx2.AsyncClient, database: Database) -> None:
    people = [
        {"name": "Анна", "phone": PHONES[1], "note": "сайт"},
        {"name": "Иван", "phone": "нет"},
        {"name": "Ольга", "phone": PHONES[2]},
    ]
    answer = await post(client, people)
    assert answer.status_code == 201
    results = answer.json()["leads"]
    assert [result["outcome"] for result in results] == ["stored", "refused", "stored"]
    assert [result["lead"] and result["lead"]["name"] for result in results] == ["Анна", None, "Ольга"]
    assert "neither a phone number" in results[1]["error"]
    stored = await deliveries(database)
    assert [row["outcome"] for row in stored].count("refused") == 1
    assert len(stored) == 3
    # Each person's delivery can be processed by itself.
    (refused,) = [row for row in stored if row["outcome"] == "refused"]
    assert "Иван" in refused["body"]
    assert "Анна" not in refused["body"]
    assert (await client.post(f"/deliveries/{refused['id']}/replay")).status_code == 422
    again = await post(client, people)
    assert (again.status_code, [each["outcome"] for each in again.json()["leads"]]) == (
        200,
        ["duplicate", "refused", "duplicate"],
    )
    assert (await post(client, people[1:2] * 2)).status_code == 422


async def test_a_refused_person_of_a_list_can_be_replayed(sqlite_url: str, tmp_path_factory: Any) -> None:  # noqa: ANN401
    people = [{"name": "Анна", "Куда": PHONES[3]}, {"name": "Иван", "phone": PHONES[4]}]
    async with running(sqlite_url) as client:
        results = (await post(client, people)).json()["leads"]
        assert [result["outcome"] for result in results] == ["refused", "stored"]
        refused = (await client.get("/deliveries?outcome=refused")).json()["items"][0]["id"]
    mapping = tmp_path_factory.mktemp("mapping") / "forms.yaml"
    mapping.write_text('"*":\n  phone: Куда\n', "utf-8")
    async with running(sqlite_url, tilda_fields=str(mapping)) as client:
        lead = (await client.post(f"/deliveries/{refused}/replay")).json()
    assert (lead["name"], lead["phone_e164"], lead["source"]) == ("Анна", PHONES[3], "albato")


@pytest.mark.parametrize("header", ["Idempotency-Key", "webhook-id"])
async def test_the_senders_id_counts_beyond_the_window(sqlite_url: str, header: str) -> None:
    async with running(sqlite_url, repeat_window_seconds=0) as client:
        person = {"name": "Анна", "phone": PHONES[5]}
        answers = [await post(client, person | {"try": n}, **{header: "k-1"}) for n in range(3)]
        assert [answer.status_code for answer in answers] == [201, 200, 200]
        # Another source, or another person under the same id, is another submission.
        assert (await post(client, person, WEBHOOK, **{header: "k-1"})).status_code == 201
        other = await post(client, person | {"phone": PHONES[6]}, **{header: "k-1"})
        assert other.status_code == 201
        assert len((await client.get("/leads")).json()["items"]) == 3


@pytest.mark.parametrize("field", ["eventId", "submissionId", "lead_id", "leadgen_id", "tranid"])
async def test_an_id_in_the_form_counts(sqlite_url: str, field: str) -> None:
    async with running(sqlite_url, repeat_window_seconds=0) as client:
        person = {"name": "Анна", "phone": PHONES[5], field: "e-17"}
        answers = [await post(client, person | {"try": n}) for n in range(3)]
        assert [answer.status_code for answer in answers] == [201, 200, 200]


async def test_an_id_that_many_people_share_loses_none(sqlite_url: str) -> None:
    async with running(sqlite_url, repeat_window_seconds=0) as client:
        event = {"eventId": "webinar-5"}
        for phone in PHONES:
            assert (await post(client, event | {"phone": phone})).status_code == 201


async def test_the_key_survives_a_late_processing(sqlite_url: str) -> None:
    """A call that a crash left unprocessed, and the sender's retry of it, are one lead."""
    async with running(sqlite_url, repeat_window_seconds=0) as client:
        database = Database(sqlite_url)
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO webhook_deliveries"
                " (source, received_at, body, charset, outcome, idempotency_key)"
                " VALUES ('albato', '2026-11-01 10:00:00.000000', ?, 'utf-8', 'received', 'k-9')",
                (json.dumps({"name": "Анна", "phone": PHONES[7]}),),
            )
        await database.close()
        assert (await client.post("/deliveries/1/replay")).status_code == 201
        answer = await post(client, {"name": "Анна", "phone": PHONES[7]}, **{"Idempotency-Key": "k-9"})
        assert answer.status_code == 200


async def test_the_query_string_is_a_part_of_the_call(sqlite_url: str) -> None:
    async with running(sqlite_url, tilda_token="secret-word-2") as client:
        query = f"token=secret-word-2&name=Anna&phone=%2B7{PHONES[8][2:]}&utm_source=vk"
        answer = await client.post(f"{ALBATO}?{query}")
        assert answer.status_code == 201, answer.text
        lead = answer.json()
        assert (lead["name"], lead["phone_e164"]) == ("Anna", PHONES[8])
        assert lead["extra"] == {"utm_source": "vk"}
        delivery = (await client.get("/deliveries/1")).json()
        assert delivery["query"] == query.replace("secret-word-2", "***")
        # The body counts more than the address, which may name the site.
        body = {"name": "Ольга", "phone": PHONES[9]}
        answer = await client.post(f"{ALBATO}?{query}", json=body)
        assert (answer.json()["name"], answer.json()["phone_e164"]) == ("Ольга", PHONES[9])


async def test_a_refused_query_string_is_kept(lite: httpx2.AsyncClient, lite_database: Database) -> None:
    assert (await lite.post(f"{ALBATO}?Comment=hello")).status_code == 422
    (delivery,) = await deliveries(lite_database)
    assert (delivery["outcome"], delivery["query"], delivery["body"]) == ("refused", "Comment=hello", "")


async def test_get_with_a_contact(sqlite_url: str) -> None:
    query = "name=Anna&phone=79990009401"
    async with running(sqlite_url) as client:
        answer = await client.get(f"{ALBATO}?{query}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert "must be sent with POST" in answer.json()["detail"]
        assert (await client.get("/leads")).json()["items"] == []
        kept = (await client.get("/deliveries/1")).json()
        assert (kept["outcome"], kept["query"]) == ("refused", query)
        assert (await client.post("/deliveries/1/replay")).status_code == 201
        for probe in (ALBATO, WEBHOOK, f"{ALBATO}?x=1", f"{WEBHOOK}?test=test"):
            assert (await client.get(probe)).json() == {"status": "ok"}
        assert (await client.head(f"{ALBATO}?{query}")).status_code == 200
        assert len((await client.get("/deliveries")).json()["items"]) == 1
    async with running(sqlite_url, tilda_token="secret-word-2") as client:
        assert (await client.get(f"{ALBATO}?{query}&token=wrong")).status_code == 405
        answer = await client.get(f"{ALBATO}?{query}1&token=secret-word-2")
        assert answer.status_code == 422
        answer = await client.get(f"{ALBATO}?name=Ivan&phone=79990009402&token=secret-word-2")
        assert (answer.status_code, answer.json()["phone_e164"]) == (201, PHONES[2])


async def test_get_with_fields_of_a_person_is_no_probe(
    lite: httpx2.AsyncClient, lite_database: Database
) -> None:
    for query in ("name=Anna&phone=123", "phone=", "Telegram=none"):
        assert (await lite.get(f"{ALBATO}?{query}")).status_code == 405
    assert [row["outcome"] for row in await deliveries(lite_database)] == ["refused"] * 3


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_very_long_query_string_is_refused_and_its_whole_fields_kept(
    lite: httpx2.AsyncClient, lite_database: Database, method: str
) -> None:
    start = "name=Anna&comment=" + "x" * (16 * 1024 - 30)
    for query in (f"{start}&phone=79990009401", "x" * 20_000 + "&phone=79990009401"):
        answer = await lite.request(method, f"{ALBATO}?{query}")
        assert (answer.status_code, answer.json()) == (414, {"detail": "the query string is over 16 KiB"})
    kept = await deliveries(lite_database)
    assert [(row["outcome"], row["query"]) for row in kept] == [("refused", start), ("refused", None)]


async def test_the_people_of_one_tilda_submission_are_all_kept(lite: httpx2.AsyncClient) -> None:
    people = [{"name": "Анна", "phone": PHONES[0]}, {"name": "Иван", "phone": PHONES[1]}]
    call = {"leads": people, "tranid": "1:2"}
    for status in (201, 200):
        answer = await lite.post(WEBHOOK, json=call)
        assert (answer.status_code, len(answer.json()["leads"])) == (status, 2)
    assert len((await lite.get("/leads")).json()["items"]) == 2


async def test_refused_people_of_one_tilda_submission_are_replayed_under_keys_of_their_own(
    sqlite_url: str,
    tmp_path_factory: Any,  # noqa: ANN401
) -> None:
    people = [{"name": "Анна", "Куда": PHONES[0]}, {"name": "Иван", "Куда": PHONES[1]}, {"phone": PHONES[2]}]
    mapping = tmp_path_factory.mktemp("mapping") / "forms.yaml"
    mapping.write_text('"*":\n  phone: Куда\n', "utf-8")
    call = {"leads": people, "tranid": "1:2", "formid": "form3"}
    async with running(sqlite_url) as client:
        assert len((await client.post(WEBHOOK, json=call)).json()["leads"]) == 3
        refused = (await client.get("/deliveries?outcome=refused")).json()["items"]
    async with running(sqlite_url, tilda_fields=str(mapping)) as client:
        answers = [await client.post(f"/deliveries/{each['id']}/replay") for each in refused]
        assert [answer.status_code for answer in answers] == [201, 201]
        # Tilda sends the call once more: nobody becomes a second lead.
        assert (await client.post(WEBHOOK, json=call)).status_code == 200
        assert len((await client.get("/leads")).json()["items"]) == 3


async def test_hundreds_of_people_in_one_call_are_recorded_in_a_few_commits(lite: httpx2.AsyncClient) -> None:
    equal, refused = {"name": "Анна", "phone": PHONES[0]}, {"name": "Иван", "phone": "нет"}
    answer = await post(lite, [equal] * 150 + [refused] * 150)
    outcomes = Counter(result["outcome"] for result in answer.json()["leads"])
    assert outcomes == {"stored": 1, "duplicate": 149, "refused": 150}
    kept = (await lite.get("/deliveries?limit=200&outcome=duplicate")).json()["items"]
    assert {row["lead_id"] for row in kept} == {1}


async def test_senders_that_need_200(lite: httpx2.AsyncClient) -> None:
    person = {"name": "Анна", "phone": PHONES[0]}
    assert (await post(lite, person, f"{ALBATO}?ok=200")).status_code == 200
    assert (await post(lite, [person, {"phone": PHONES[1]}], f"{ALBATO}?ok=200")).status_code == 200
    assert (await post(lite, {"note": "x"}, f"{ALBATO}?ok=200")).status_code == 422


async def test_a_declared_charset(lite: httpx2.AsyncClient) -> None:
    body = "Name=Юлія&Phone=79990009401".encode("windows-1251")
    headers = {"content-type": "application/x-www-form-urlencoded; charset=windows-1251"}
    assert (await lite.post(ALBATO, content=body, headers=headers)).json()["name"] == "Юлія"


async def test_errors_name_the_fields_and_the_fault(
    lite: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await lite.post(ALBATO, content=b'{"Name": "Anna",\n "Comment": "x', headers={})
    message = answer.json()["detail"][0]["msg"]
    assert "not valid JSON" in message or "no valid JSON" in message
    assert "line 2 column 13" in message
    answer = await post(lite, {"Ваш город": "Казань", "Имя": "Анна"})
    message = answer.json()["detail"][0]["msg"]
    assert "fields seen: Ваш город, Имя" in message
    assert "TILDA_FIELDS" in message
    refusals = [record.getMessage() for record in caplog.records if "is refused" in record.getMessage()]
    assert len(refusals) == 2
    assert "Казань" not in "".join(refusals)


async def test_the_evidence_is_shown(client: httpx2.AsyncClient, database: Database) -> None:
    lead = (
        await post(client, {"Имя": "Анна", "Контакт": "@anna_k", "Вопрос 2": "+7 (999) 000-94-01"})
    ).json()
    shown = (await client.get(f"/leads/{lead['id']}")).json()
    evidence = {kind: (each["field"], each["strength"]) for kind, each in shown["contact_evidence"].items()}
    assert evidence == {"phone": ("Вопрос 2", "weak"), "username": ("Контакт", "weak")}
    assert (await client.get("/deliveries/1")).json()["contact_evidence"] == shown["contact_evidence"]
    (row,) = await rows(database, "SELECT contact_evidence FROM leads")
    assert "weak" in str(row["contact_evidence"])
