"""Many at once are one commit, and each is answered for by itself."""

import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.api.intake.test_writer import counted
from tests.support.tilda_bodies import PHONE

REFUSE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON leads WHEN NEW.name = 'Никто'"
    " BEGIN SELECT RAISE(ABORT, 'nobody'); END",
    "postgresql": "ALTER TABLE leads ADD CONSTRAINT refuse CHECK (name <> 'Никто')",
}


async def _post_all(client: httpx2.AsyncClient, names: Sequence[str]) -> list[httpx2.Response]:
    """Both doors in turn, all at once."""
    return await asyncio.gather(
        *(
            client.post(WEBHOOK, data={"Name": name, "Phone": PHONE})
            if at % 2
            else client.post("/leads", json={"name": name, "phone": PHONE})
            for at, name in enumerate(names)
        )
    )


async def test_fifty_at_once_are_each_answered_with_their_own(
    client: httpx2.AsyncClient, database: Database
) -> None:
    names = [f"Анна {number}" for number in range(50)]
    await _post_all(client, ["Яна", "Яна"])
    with counted() as statements:
        answers = await _post_all(client, names)
    assert [answer.status_code for answer in answers] == [201] * 50
    assert [answer.json()["name"] for answer in answers] == names
    # With the permits of the rate limit.
    assert len(statements) < 25
    stored = await rows(database, "SELECT id, name FROM leads WHERE name LIKE 'Анна%'")
    assert {row["id"]: row["name"] for row in stored} == {
        answer.json()["id"]: name for answer, name in zip(answers, names, strict=True)
    }
    brought = [row["lead_id"] for row in (await deliveries(database))[1:]]
    assert sorted(brought) == sorted(answer.json()["id"] for answer in answers[1::2])
    assert len(await rows(database, "SELECT id FROM lead_events")) == 52


@pytest.mark.parametrize("bad", [5, 6], ids=["webhook", "leads"])
async def test_a_row_that_cannot_be_stored_fails_none_of_its_neighbours(
    database: Database, database_url: str, bad: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(REFUSE[connection.dialect.name])
    names = [f"Анна {number}" for number in range(12)]
    names[bad] = "Никто"
    async with running(database_url, rate_limit_per_minute=0) as client:
        answers = await _post_all(client, names)
    assert any("at once could not be stored" in record.getMessage() for record in caplog.records)
    expected = [201] * 12
    expected[bad] = 500
    assert [answer.status_code for answer in answers] == expected
    assert len(await rows(database, "SELECT id FROM leads")) == 11
    # What came in is kept all the same, to be looked at again.
    left = [row["outcome"] for row in await deliveries(database) if row["outcome"] != "stored"]
    assert left == (["received"] if bad % 2 else [])
    assert len(await deliveries(database)) == 6
