"""POST /leads/import: every row is reported, and no row is imported twice."""

import json
from typing import Any

import httpx2
import psycopg
import pytest

from shared.database.engine import Database
from tests.api.conftest import rows, running

CSV = {"content-type": "text/csv"}
FILE = (
    "Имя;Телефон;Telegram;Комментарий\r\n"
    "Анна;8 (999) 123-45-67;@anna_k;\"Сайт\r\nи логотип\"\r\n"
    "Иван;;;\r\n"
    "Мария;+79990000001;;\r\n"
    "Анна;8 (999) 123-45-67;@anna_k;\"Сайт\r\nи логотип\"\r\n"
)  # fmt: skip


async def send(client: httpx2.AsyncClient, text: str, **headers: str) -> dict[str, Any]:
    response = await client.post("/leads/import", content=text.encode(), headers=CSV | headers)
    assert response.status_code == 200, response.text
    report: dict[str, Any] = response.json()
    return report


def counts(report: dict[str, Any]) -> tuple[int, int, int]:
    return report["taken"], report["repeated"], report["refused"]


async def test_every_row_is_reported(client: httpx2.AsyncClient, database: Database) -> None:
    report = await send(client, FILE)
    assert (report["complete"], report["detail"], counts(report)) == (True, None, (2, 1, 1))
    assert [(row["row"], row["outcome"]) for row in report["rows"]] == [
        (2, "taken"),
        (3, "refused"),
        (4, "taken"),
        (5, "repeated"),
    ]
    assert report["rows"][3]["lead_id"] == report["rows"][0]["lead_id"]
    assert report["rows"][1]["error"].startswith("phone: a phone number or a Telegram username is needed")
    lead = (await client.get(f"/leads/{report['rows'][0]['lead_id']}")).json()
    assert (lead["name"], lead["phone_e164"], lead["username"]) == ("Анна", "+79991234567", "anna_k")
    assert (lead["source"], lead["status"], lead["due_at"]) == ("import", "pending", lead["created_at"])
    assert lead["extra"] == {"Комментарий": "Сайт\r\nи логотип"}
    assert counts(await send(client, FILE)) == (0, 3, 1)
    # One more row, another column order, other line ends: only the new row is imported.
    longer = "Telegram;Имя;Телефон\n;Мария;+79990000001\n@new_one;Пётр;\n"
    assert counts(await send(client, longer)) == (1, 1, 0)
    assert len(await rows(database, "SELECT id FROM leads")) == 3


async def test_a_rows_own_key_is_combined_with_its_contact(lite: httpx2.AsyncClient) -> None:
    first = await send(lite, "id,phone,note\n1,+79990000001,a\n2,+79990000002,b\n")
    assert counts(first) == (2, 0, 0)
    # With another comment it is still the same row; row 1 of another file is another person.
    assert counts(await send(lite, "ID,phone,note\n1,+79990000001,changed\n")) == (0, 1, 0)
    assert counts(await send(lite, "id,phone,note\n1,+79990000003,a\n")) == (1, 0, 0)


async def test_rows_of_several_batches_are_streamed_as_ndjson(lite: httpx2.AsyncClient) -> None:
    lines = [f"+7999{number:07d}" if number % 10 else "нет" for number in range(250)]
    text = "Телефон\n" + "\n".join(lines)
    response = await lite.post(
        "/leads/import", content=text.encode(), headers=CSV | {"accept": "application/x-ndjson"}
    )
    *reports, total = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert [report["row"] for report in reports] == list(range(2, 252))
    assert total == {"complete": True, "taken": 225, "repeated": 0, "refused": 25, "detail": None}


async def test_a_file_can_be_uploaded_in_a_form(lite: httpx2.AsyncClient) -> None:
    response = await lite.post("/leads/import", files={"file": ("leads.csv", FILE.encode("cp1251"))})
    assert counts(response.json()) == (2, 1, 1)
    response = await lite.post("/leads/import", files={"file": (None, "text")})
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", "file"])


@pytest.mark.parametrize(
    ("content", "headers", "status", "message"),
    [
        ("", CSV, 422, "the file is empty"),
        ("Имя;Город\nАнна;Омск\n", CSV, 422, "no column is named like a phone"),
        ("+79991234567;Анна\n", CSV, 422, "no column is named like a phone"),
        (",".join(["phone"] * 1001), CSV, 422, "more than 1000 columns"),
        ("PK\x03\x04", CSV, 415, "save it as CSV"),
        ("{}", {"content-type": "application/json"}, 415, "a CSV file is expected"),
        ("x", {"content-type": "multipart/form-data"}, 400, ""),
        ("x" * (2**20 + 1), CSV, 413, "the body is over 1024 KiB"),
    ],
)
async def test_a_body_without_leads_is_refused(
    sqlite_url: str, content: str, headers: dict[str, str], status: int, message: str
) -> None:
    async with running(sqlite_url, import_max_mib="1") as client:
        response = await client.post("/leads/import", content=content.encode(), headers=headers)
    assert response.status_code == status, response.text
    assert message in str(response.json()["detail"])


async def test_a_row_that_the_database_refuses_does_not_affect_other_rows(
    client: httpx2.AsyncClient, database: Database
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("CREATE UNIQUE INDEX one_ivan ON leads (name)")
    text = "name,phone\nИван,+79990000001\nАнна,+79990000002\nИван,+79990000003\nМария,+79990000004\n"
    report = await send(client, text)
    assert [row["outcome"] for row in report["rows"]] == ["taken", "taken", "refused", "taken"]
    assert report["rows"][2]["error"] == "the row could not be stored"


async def test_a_lost_database_still_returns_a_report(request: pytest.FixtureRequest) -> None:
    url = str(request.getfixturevalue("postgres").create())
    text = "phone,name\n" + "\n".join(f"+7999{number:07d},Анна {number}" for number in range(150))
    with psycopg.connect(url, autocommit=True) as connection:
        # The server ends the session that stores this row in the middle of the file.
        connection.execute(
            "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER away BEFORE INSERT ON leads FOR EACH ROW WHEN (NEW.name = 'Анна 120')"
            " EXECUTE FUNCTION away()"
        )
        async with running(url) as client:
            response = await client.post("/leads/import", content=text.encode(), headers=CSV)
            assert (response.status_code, "retry-after" in response.headers) == (503, True)
            report = response.json()
            assert (report["complete"], counts(report), len(report["rows"])) == (False, (100, 0, 0), 100)
            assert "send the file again" in report["detail"]
            connection.execute("DROP TRIGGER away ON leads")
            assert counts(await send(client, text)) == (50, 100, 0)


async def test_an_import_needs_the_api_token(sqlite_url: str) -> None:
    async with running(sqlite_url, api_token="secret") as client:
        response = await client.post("/leads/import", content=FILE.encode(), headers=CSV)
        assert response.status_code == 401
