"""Concurrent submissions are one commit, and each gets its own response."""

import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.api.intake.test_writer import recorded_statements
from tests.support.tilda_bodies import PHONE

REFUSE = {
    "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON leads WHEN NEW.name = 'Никто'"
    " BEGIN SELECT RAISE(ABORT, 'nobody'); END",
    "postgresql": "ALTER TABLE leads ADD CONSTRAINT refuse CHECK (name <> 'Никто')",
}


async def _post_all(client: httpx2.AsyncClient, names: Sequence[str]) -> list[httpx2.Response]:
    """Post to both endpoints alternately, all at once."""
    return await asyncio.gather(
        *(
            client.post(WEBHOOK, data={"Name": name, "Phone": PHONE})
            if at % 2
            else client.post("/leads", json={"name": name, "phone": PHONE})
            for at, name in enumerate(names)
        )
    )


async def test_fifty_concurrent_submissions_each_get_their_own_lead(
    client: httpx2.AsyncClient, database: Database
) -> None:
    names = [f"Анна {number}" for number in range(50)]
    await _post_all(client, ["Яна", "Яна"])
    with recorded_statements() as statements:
        responses = await _post_all(client, names)
    assert [response.status_code for response in responses] == [201] * 50
    assert [response.json()["name"] for response in responses] == names
    # This includes the statements of the rate limiter.
    assert len(statements) < 25
    stored = await rows(database, "SELECT id, name FROM leads WHERE name LIKE 'Анна%'")
    assert {row["id"]: row["name"] for row in stored} == {
        response.json()["id"]: name for response, name in zip(responses, names, strict=True)
    }
    lead_ids = [row["lead_id"] for row in (await deliveries(database))[1:]]
    assert sorted(lead_ids) == sorted(response.json()["id"] for response in responses[1::2])
    assert len(await rows(database, "SELECT id FROM lead_events")) == 52


@pytest.mark.parametrize("bad", [5, 6], ids=["webhook", "leads"])
async def test_a_row_that_cannot_be_stored_does_not_fail_the_rest_of_its_batch(
    database: Database, database_url: str, bad: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(REFUSE[connection.dialect.name])
    names = [f"Анна {number}" for number in range(12)]
    names[bad] = "Никто"
    async with running(database_url, rate_limit_per_minute=0) as client:
        responses = await _post_all(client, names)
    assert any("at once could not be stored" in record.getMessage() for record in caplog.records)
    expected = [201] * 12
    expected[bad] = 500
    assert [response.status_code for response in responses] == expected
    assert len(await rows(database, "SELECT id FROM leads")) == 11
    # The delivery is still stored, to be processed again.
    unfinished = [row["outcome"] for row in await deliveries(database) if row["outcome"] != "stored"]
    assert unfinished == (["received"] if bad % 2 else [])
    assert len(await deliveries(database)) == 6
