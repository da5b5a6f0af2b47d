"""POST /leads/import: every row is answered for, and no row is taken twice."""

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
    answer = await client.post("/leads/import", content=text.encode(), headers=CSV | headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def counts(report: dict[str, Any]) -> tuple[int, int, int]:
    return report["taken"], report["repeated"], report["refused"]


async def test_every_row_is_answered_for(client: httpx2.AsyncClient, database: Database) -> None:
    report = await send(client, FILE)
    assert (report["complete"], report["detail"], counts(report)) == (True, None, (2, 1, 1))
    assert [(row["row"], row["outcome"]) for row in report["rows"]] == [
        (2, "taken"),
        (3, "refused"),
        (4, "taken"),
        (5, "repeated"),
    ]
    assert report["rows"][3]["lead_id"] == report["rows"][0]["lead_id"]
    assert report["rows"][1]["error"] == "phone: a phone number or a Telegram username is needed"
    lead = (await client.get(f"/leads/{report['rows'][0]['lead_id']}")).json()
    assert (lead["name"], lead["phone_e164"], lead["username"]) == ("Анна", "+79991234567", "anna_k")
    assert (lead["source"], lead["status"], lead["due_at"]) == ("import", "pending", lead["created_at"])
    assert lead["extra"] == {"Комментарий": "Сайт\r\nи логотип"}
    assert counts(await send(client, FILE)) == (0, 3, 1)
    # A row more, the columns in another order, other ends of lines: only what is new is taken.
    longer = "Telegram;Имя;Телефон\n;Мария;+79990000001\n@new_one;Пётр;\n"
    assert counts(await send(client, longer)) == (1, 1, 0)
    assert len(await rows(database, "SELECT id FROM leads")) == 3


async def test_a_key_of_its_own_is_one_persons(lite: httpx2.AsyncClient) -> None:
    first = await send(lite, "id,phone,note\n1,+79990000001,a\n2,+79990000002,b\n")
    assert counts(first) == (2, 0, 0)
    # The same row with another comment is the same; another file's row 1 is somebody else.
    assert counts(await send(lite, "ID,phone,note\n1,+79990000001,changed\n")) == (0, 1, 0)
    assert counts(await send(lite, "id,phone,note\n1,+79990000003,a\n")) == (1, 0, 0)


async def test_more_than_a_batch_row_by_row(lite: httpx2.AsyncClient) -> None:
    lines = [f"+7999{number:07d}" if number % 10 else "нет" for number in range(250)]
    text = "Телефон\n" + "\n".join(lines)
    answer = await lite.post(
        "/leads/import", content=text.encode(), headers=CSV | {"accept": "application/x-ndjson"}
    )
    *reports, total = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert [report["row"] for report in reports] == list(range(2, 252))
    assert total == {"complete": True, "taken": 225, "repeated": 0, "refused": 25, "detail": None}


async def test_a_file_in_a_form(lite: httpx2.AsyncClient) -> None:
    answer = await lite.post("/leads/import", files={"file": ("leads.csv", FILE.encode("cp1251"))})
    assert counts(answer.json()) == (2, 1, 1)
    answer = await lite.post("/leads/import", files={"file": (None, "text")})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "file"])


@pytest.mark.parametrize(
    ("content", "headers", "status", "words"),
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
async def test_what_is_no_file_of_leads(
    sqlite_url: str, content: str, headers: dict[str, str], status: int, words: str
) -> None:
    async with running(sqlite_url, import_max_mib="1") as client:
        answer = await client.post("/leads/import", content=content.encode(), headers=headers)
    assert answer.status_code == status, answer.text
    assert words in str(answer.json()["detail"])


async def test_a_row_that_the_database_refuses_spoils_no_other(
    client: httpx2.AsyncClient, database: Database
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("CREATE UNIQUE INDEX one_ivan ON leads (name)")
    text = "name,phone\nИван,+79990000001\nАнна,+79990000002\nИван,+79990000003\nМария,+79990000004\n"
    report = await send(client, text)
    assert [row["outcome"] for row in report["rows"]] == ["taken", "taken", "refused", "taken"]
    assert report["rows"][2]["error"] == "the row could not be stored"


async def test_a_database_that_goes_away_leaves_a_report(request: pytest.FixtureRequest) -> None:
    url = str(request.getfixturevalue("postgres").create())
    text = "phone,name\n" + "\n".join(f"+7999{number:07d},{number}" for number in range(150))
    with psycopg.connect(url, autocommit=True) as connection:
        # Whoever stores the row in the middle loses the server.
        connection.execute(
            "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER away BEFORE INSERT ON leads FOR EACH ROW WHEN (NEW.name = '120')"
            " EXECUTE FUNCTION away()"
        )
        async with running(url) as client:
            answer = await client.post("/leads/import", content=text.encode(), headers=CSV)
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            report = answer.json()
            assert (report["complete"], counts(report), len(report["rows"])) == (False, (100, 0, 0), 100)
            assert "send the file again" in report["detail"]
            connection.execute("DROP TRIGGER away ON leads")
            assert counts(await send(client, text)) == (50, 100, 0)


async def test_strangers_import_nothing(sqlite_url: str) -> None:
    async with running(sqlite_url, api_token="secret") as client:
        answer = await client.post("/leads/import", content=FILE.encode(), headers=CSV)
        assert answer.status_code == 401
