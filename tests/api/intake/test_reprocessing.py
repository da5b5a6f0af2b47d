"""Deliveries that a dead API process left unfinished are processed later, exactly once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio
import httpx2
import pytest
from sqlalchemy import insert

from api.forms.body.raw_body import to_text
from api.intake.reprocessing import (
    MISTAKEN,
    NOT_STORABLE,
    STALE_AFTER,
    reprocess_stale,
    take_up_mistaken,
)
from shared.database.engine import Database
from shared.database.faults.driver_errors import DatabaseUnavailableError
from shared.database.models import DELIVERIES
from tests.api.conftest import WEBHOOK, deliveries, make_settings, rows, running
from tests.support.tilda_bodies import FORM, PHONE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = NOW - STALE_AFTER - timedelta(seconds=1)
SUBMISSION = {"Name": "Анна", "Phone": PHONE}
BODIES = [
    f"Name=Анна&Phone={PHONE}&tranid=1:1".encode(),
    f"Имя=Анна&Phone={PHONE}".encode("cp1251"),
    f'{{"Name": "Анна", "Phone": "{PHONE}", "n": 3}}'.encode(),
    b"Name=nobody",
    b"test=test",
]


async def _leave_unfinished(
    database: Database, bodies: Sequence[bytes], at: datetime = OLD, **values: object
) -> None:
    for body in bodies:
        text, charset = to_text(body)
        row = {"source": "tilda", "received_at": at, "content_type": FORM, "body": text, "charset": charset}
        async with database.engine.begin() as connection:
            await connection.execute(insert(DELIVERIES).values(**row | {"outcome": "received"} | values))


async def test_concurrent_runs_process_each_unfinished_delivery_once(
    database: Database, database_url: str
) -> None:
    await _leave_unfinished(database, BODIES)
    await _leave_unfinished(database, [BODIES[0]], at=NOW)
    settings = make_settings(database_url)
    counts: list[int] = []

    async def sweep() -> None:
        counts.append(await reprocess_stale(database, settings, NOW))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(sweep)
    assert sum(counts) == len(BODIES)
    outcomes = [row["outcome"] for row in await deliveries(database)]
    # The last is too young: another process may still be working on it.
    assert outcomes == ["stored", "stored", "stored", "refused", "probe", "received"]
    leads = await rows(database, "SELECT name, created_at, due_at, source_key FROM leads ORDER BY id")
    assert [lead["name"] for lead in leads] == ["Анна"] * 3
    assert [lead["source_key"].partition(":")[0] for lead in leads] == ["1", "fp", "fp"]
    assert all(lead["created_at"] == lead["due_at"] for lead in leads)
    assert str(OLD.replace(tzinfo=None)) in str(leads[0]["created_at"])


async def test_the_api_processes_unfinished_deliveries_at_start(
    database: Database, database_url: str
) -> None:
    await _leave_unfinished(database, [BODIES[0]])
    async with running(database_url) as client:
        (lead,) = (await client.get("/leads")).json()["items"]
        assert lead["name"] == "Анна"
        # The sender got no response and sends it again.
        again = await client.post(WEBHOOK, content=BODIES[0], headers={"content-type": FORM})
        assert (again.status_code, again.json()["id"]) == (200, lead["id"])


async def test_a_delivery_is_kept_if_its_lead_cannot_be_stored(
    client: httpx2.AsyncClient, database: Database, database_url: str
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE leads RENAME TO elsewhere")
    assert (await client.post(WEBHOOK, data=SUBMISSION)).status_code == 503
    assert [row["outcome"] for row in await deliveries(database)] == ["received"]
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO leads")
    later = datetime.now(UTC) + STALE_AFTER + timedelta(seconds=1)
    assert await reprocess_stale(database, make_settings(database_url), later) == 1
    (row,) = await deliveries(database)
    assert (row["outcome"], row["lead_id"]) == ("stored", 1)


async def test_only_a_delivery_that_is_at_fault_is_refused(database: Database, database_url: str) -> None:
    await _leave_unfinished(database, BODIES[:2])
    settings = make_settings(database_url)
    if database.is_postgres:
        # The codes are a full disk, a standby, lost rights, a damaged page, and a bug of the program.
        for code, is_away in (
            ("53100", True),
            ("25006", True),
            ("42501", True),
            ("XX001", True),
            ("42883", False),
        ):
            async with _every_lead_fails(database, code):
                if is_away:
                    with pytest.raises(DatabaseUnavailableError):
                        await reprocess_stale(database, settings, NOW)
                else:
                    assert await reprocess_stale(database, settings, NOW) == 0
            assert [row["outcome"] for row in await deliveries(database)] == ["received"] * 2
        async with _every_lead_fails(database, "22001"):
            assert await reprocess_stale(database, settings, NOW) == 2
        assert [row["error"] for row in await deliveries(database)] == [NOT_STORABLE] * 2
        return
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER fails BEFORE INSERT ON leads BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
    assert await reprocess_stale(database, settings, NOW) == 2
    assert [row["error"] for row in await deliveries(database)] == [NOT_STORABLE] * 2


async def test_deliveries_that_an_earlier_version_refused_by_mistake_are_taken_up_again(
    database: Database, database_url: str
) -> None:
    await _leave_unfinished(database, BODIES[:1], outcome="refused", error=MISTAKEN)
    await _leave_unfinished(database, BODIES[1:2], outcome="refused", error="the contact is missing")
    async with running(database_url):
        pass
    found = [(row["outcome"], row["error"]) for row in await deliveries(database)]
    assert found == [("stored", None), ("refused", "the contact is missing")]
    assert await take_up_mistaken(database) == 0


@asynccontextmanager
async def _every_lead_fails(database: Database, code: str) -> AsyncIterator[None]:
    """PostgreSQL answers every new lead with this SQLSTATE."""
    body = f"BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END"
    begin = (
        f"CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        "CREATE TRIGGER a_fault BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION fails()",
    )
    async with database.engine.begin() as connection:
        for statement in begin:
            await connection.exec_driver_sql(statement)
    yield
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TRIGGER a_fault ON leads")
