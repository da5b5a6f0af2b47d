"""The Tilda webhook: every call is stored, and none of them ends in a 500."""

import json
from urllib.parse import urlencode

import httpx2

from api.middleware.body_limits import LARGEST_BODY
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import CASES, FORM, PHONE

SUBMISSION = {"Name": "Анна", "Phone": PHONE, "tranid": "467251:8442970", "formid": "form1", "Comments": "hi"}
RAW = {"content-type": FORM}


async def test_a_submission_is_stored_once(client: httpx2.AsyncClient, database: Database) -> None:
    first = await client.post(WEBHOOK, data=SUBMISSION)
    again = await client.post(WEBHOOK, data=SUBMISSION)
    other = await client.post(WEBHOOK, data=SUBMISSION | {"formid": "form2"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    lead = first.json()
    assert again.json() == lead
    assert (lead["source"], lead["status"], lead["name"]) == ("tilda", "pending", "Анна")
    assert lead["extra"] == {key: SUBMISSION[key] for key in ("tranid", "formid", "Comments")}
    listed = (await client.get("/leads")).json()["items"]
    assert listed == [other.json(), lead]
    recorded = await deliveries(database)
    assert [(row["outcome"], row["lead_id"]) for row in recorded] == [
        ("stored", lead["id"]),
        ("duplicate", lead["id"]),
        ("stored", other.json()["id"]),
    ]
    assert recorded[0]["body"] == urlencode(SUBMISSION)
    assert recorded[0]["content_type"] == FORM
    assert {row["source"] for row in recorded} == {"tilda"}


async def test_bodies_of_real_forms_create_leads(database_url: str, database: Database) -> None:
    async with running(database_url, repeat_window_seconds="0") as client:
        # A sample: the tests of the parser use all of them.
        for case in CASES[::5]:
            headers = {"content-type": case.content_type} if case.content_type else {}
            answer = await client.post(WEBHOOK, content=case.body, headers=headers)
            assert answer.status_code == 201, case.title
            lead = answer.json()
            found = (lead["name"], lead["phone_e164"], lead["username"])
            assert found == (case.name, case.phone, case.username)
    assert {row["outcome"] for row in await deliveries(database)} == {"stored"}


async def test_the_test_call_is_answered(client: httpx2.AsyncClient, database: Database) -> None:
    answer = await client.post(WEBHOOK, data={"test": "test"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert (await client.get(WEBHOOK)).status_code == 200
    assert (await client.head(WEBHOOK)).status_code == 200
    assert [(row["outcome"], row["body"]) for row in await deliveries(database)] == [("probe", "test=test")]
    assert await rows(database, "SELECT id FROM leads") == []


REFUSED = [
    (b"Name=Anna", "phone", None),
    (b"Name=Anna&Phone=call+me+please", "Phone", "call me please"),
    (b"", "phone", None),
    (b'{"broken": ', "phone", None),
    (b"\x00\xff\xfe=\x80&%00=%ff", "phone", None),
    (b"&".join(b"a=1" for _ in range(1001)), "body", None),
]


async def test_a_call_without_a_contact_is_refused_and_kept(
    client: httpx2.AsyncClient, database: Database
) -> None:
    for body, field, value in REFUSED:
        answer = await client.post(WEBHOOK, content=body, headers=RAW)
        assert answer.status_code == 422
        (error,) = answer.json()["detail"]
        assert (error["type"], error["loc"], error["input"]) == ("contact", ["body", field], value)
        row = (await deliveries(database))[-1]
        assert (row["outcome"], row["lead_id"], row["error"]) == ("refused", None, error["msg"])
        assert row["body"] == body.decode("utf-8", "backslashreplace").replace("\0", r"\x00")
    assert len(await deliveries(database)) == len(REFUSED)


async def test_a_huge_body_is_refused_and_its_beginning_kept(
    client: httpx2.AsyncClient, database: Database
) -> None:
    answer = await client.post(WEBHOOK, content=b"Phone=1&x=" + "я".encode() * LARGEST_BODY, headers=RAW)
    assert (answer.status_code, answer.json()) == (413, {"detail": "the body is over 256 KiB"})
    (row,) = await deliveries(database)
    assert (row["outcome"], row["error"]) == ("refused", "the body is over 256 KiB")
    assert row["body"].startswith("Phone=1&x=яя")
    assert row["body"].endswith("я")
    largest = b"Phone=%2B79991234567&x="
    whole = await client.post(WEBHOOK, content=largest + b"x" * (LARGEST_BODY - len(largest)), headers=RAW)
    assert whole.status_code == 201


async def test_deeply_nested_json_is_cut(client: httpx2.AsyncClient) -> None:
    deep = "[" * 200 + "]" * 200
    answer = await client.post(WEBHOOK, content=f'{{"Phone": "{PHONE}", "x": {deep}}}', headers=RAW)
    assert answer.status_code == 201
    assert answer.json()["extra"] == {"x": "(nested too deeply)"}


async def test_a_trailing_slash_is_not_redirected(lite: httpx2.AsyncClient) -> None:
    # Tilda does not follow redirects of a POST.
    assert (await lite.post(f"{WEBHOOK}/", data=SUBMISSION)).status_code == 201


async def test_a_get_needs_no_token(sqlite_url: str) -> None:
    async with running(sqlite_url, tilda_token="t" * 20) as client:
        for method in ("GET", "HEAD"):
            for path in (WEBHOOK, f"{WEBHOOK}/"):
                assert (await client.request(method, path)).status_code == 200


async def test_a_long_name_is_cut_and_kept_in_extra(client: httpx2.AsyncClient) -> None:
    answer = await client.post(WEBHOOK, content=json.dumps({"Name": "я" * 500, "Phone": PHONE}), headers=RAW)
    assert answer.json()["name"] == "я" * 200
    assert answer.json()["extra"] == {"Name": "я" * 500}


async def test_a_name_may_be_missing_in_forms_json_and_files(lite: httpx2.AsyncClient) -> None:
    table = "Имя,Телефон\n,+79990000003\nnull,+79990000004\n"
    imported = await lite.post("/leads/import", content=table, headers={"content-type": "text/csv"})
    assert [row["outcome"] for row in imported.json()["rows"]] == ["taken", "taken"]
    for call in (
        {"data": {"Имя": "", "Телефон": "+79990000001"}},
        {"json": {"name": None, "phone": "+79990000002"}},
    ):
        assert (await lite.post(WEBHOOK, **call)).status_code == 201
    assert [lead["name"] for lead in (await lite.get("/leads")).json()["items"]] == [""] * 4


async def test_a_paid_order_that_is_sent_twice_is_one_lead(lite: httpx2.AsyncClient) -> None:
    order = SUBMISSION | {"payment[orderid]": "17", "payment[amount]": "100"}
    first = await lite.post(WEBHOOK, data=order)
    paid = await lite.post(WEBHOOK, data=order | {"payment[systranid]": "2c8f", "paymentstatus": "paid"})
    assert (first.status_code, paid.status_code) == (201, 200)
    assert paid.json()["id"] == first.json()["id"]
