"""A submission is one lead and one statement, also with concurrent requests and broken connections."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import httpx2
import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import IntegrityError

from api.intake.submission import KeyedSubmission, Submission
from api.intake.writer import IntakeWriter
from shared.contacts import Contact
from shared.database.drivers.connections import open_database
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import PHONE
from tests.support.waiting import until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAD = {"name": "Анна", "phone": PHONE}


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Record every statement to any database, without BEGIN: on SQLite it is no round trip."""
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)


@asynccontextmanager
async def intake_writer(database: Database, window: timedelta = timedelta(0)) -> AsyncIterator[IntakeWriter]:
    """Open an intake writer without an application."""
    intake = IntakeWriter(database, window)
    try:
        yield intake
    finally:
        intake.close()


async def test_storing_a_lead_takes_one_statement(lite: httpx2.AsyncClient) -> None:
    # The first request also reserves a batch of permits of the rate limiter.
    for path in ("/leads", WEBHOOK):
        assert (await lite.post(path, json={"name": "Яна", "phone": PHONE})).status_code == 201
    with recorded_statements() as statements:
        assert (await lite.post("/leads", json=LEAD)).status_code == 201
    assert len(statements) == 1
    assert "INSERT INTO leads" in statements[0]
    headers = {"Idempotency-Key": "k"}
    # A repeat is inserted like a new lead; SQLite then needs a second statement to read the known lead.
    for expected in (1, 2):
        with recorded_statements() as statements:
            await lite.post("/leads", json=LEAD, headers=headers)
        assert len(statements) == expected
    with recorded_statements() as statements:
        await lite.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"})
    # Lead and delivery; SQLite cannot write two tables in one statement.
    assert len(statements) == 2
    assert "INSERT INTO leads" in statements[0]
    assert "INSERT INTO webhook_deliveries" in statements[1]


async def test_a_lead_and_its_delivery_are_one_commit(postgres_url: str) -> None:
    async with running(postgres_url) as client:
        for path in ("/leads", WEBHOOK):
            assert (await client.post(path, json={"name": "Яна", "phone": PHONE})).status_code == 201
        before = _transactions(postgres_url)
        with recorded_statements() as pooled:
            assert (await client.post("/leads", json=LEAD)).status_code == 201
            assert (await client.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"})).status_code == 201
            repeat = await client.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"})
    assert repeat.status_code == 200
    assert _transactions(postgres_url) - before == 3 + 1, "the last one is this query"
    assert pooled == [], "no other statements"
    lead_id = repeat.json()["id"]
    assert stored_deliveries(postgres_url)[-2:] == [("stored", lead_id), ("duplicate", lead_id)]


def stored_deliveries(url: str) -> list[tuple[str, int | None]]:
    """Return outcome and lead id of each delivery, oldest first."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT outcome, lead_id FROM webhook_deliveries ORDER BY id").fetchall()


def _transactions(url: str) -> int:
    """Return how many transactions have written so far, including this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    return int(row[0]) if row else 0


async def test_concurrent_repeats_are_one_lead(client: httpx2.AsyncClient, database: Database) -> None:
    responses: list[httpx2.Response] = []

    async def deliver(number: int) -> None:
        if number % 2:
            responses.append(await client.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"}))
        else:
            responses.append(await client.post("/leads", json=LEAD, headers={"Idempotency-Key": "k"}))

    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(deliver, number)
    assert sorted(response.status_code for response in responses) == [200] * 98 + [201] * 2
    assert len({response.json()["id"] for response in responses}) == 2
    assert len(await rows(database, "SELECT id FROM leads")) == 2
    outcomes = [row["outcome"] for row in await deliveries(database)]
    assert sorted(outcomes) == ["duplicate"] * 49 + ["stored"]


async def test_a_lead_is_not_stored_without_its_delivery(
    client: httpx2.AsyncClient, database: Database
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE webhook_deliveries RENAME TO elsewhere")
    assert (await client.post(WEBHOOK, data={"Phone": PHONE})).status_code == 503
    assert await rows(database, "SELECT id FROM leads") == []


async def test_a_result_contains_all_columns(database: Database) -> None:
    submission = Submission("", Contact(None, "anna_k"), "api", "k", {"a": [1, None]})
    async with intake_writer(database) as intake:
        first = await intake.store(KeyedSubmission(submission, NOW))
        again = await intake.store(KeyedSubmission(submission, NOW))
    assert (first.created, again.created) == (True, False)
    assert first.lead
    assert first.lead == again.lead
    assert {first.lead[name] for name in ("due_at", "created_at", "updated_at")} == {NOW}
    assert first.lead["extra"] == {"a": [1, None]}


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A new PostgreSQL database."""
    return str(request.getfixturevalue("postgres").create())


def _disconnect_all(url: str) -> int:
    # With a timeout: without one, server processes may still be reading when this returns.
    query = (
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


async def test_a_restart_of_the_server_fails_no_request(postgres_url: str) -> None:
    async with running(postgres_url) as client:
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(client.get, "/leads")
        for number in range(1, 4):
            assert _disconnect_all(postgres_url) >= 1
            again = {"try": str(number)}
            assert (await client.post("/leads", json=LEAD | again)).status_code == 201
            assert (await client.post(WEBHOOK, data={"Phone": PHONE} | again)).status_code == 201
            assert len((await client.get("/leads")).json()["items"]) == 2 * number
            assert (await client.get("/readyz")).status_code == 200


BREAK_ONCE = """
CREATE SEQUENCE tries;
CREATE FUNCTION break_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break_once BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION break_once();
"""


async def test_a_submission_with_a_key_is_retried_after_a_broken_connection(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(BREAK_ONCE)
    database = open_database(postgres_url)
    try:
        submission = Submission("", Contact(None, "anna_k"), "api", "k")
        async with intake_writer(database) as intake:
            result = await intake.store(KeyedSubmission(submission, NOW))
            following = await intake.store(KeyedSubmission(replace(submission, key="l"), NOW))
        assert (result.created, following.created) == (True, True)
        tried = await rows(database, "SELECT last_value FROM tries")
        assert tried == [{"last_value": 3}], "one try failed"
        assert len(await rows(database, "SELECT id FROM leads")) == 2
    finally:
        await database.close()


HOLD_REPEATS = """
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE INSERT ON webhook_deliveries FOR EACH ROW
WHEN (NEW.outcome = 'duplicate') EXECUTE FUNCTION hold();
"""
_HELD = """
SELECT pid FROM pg_locks JOIN pg_database AS one ON one.oid = database
WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""


@contextmanager
def recorded_errors() -> Iterator[list[BaseException | None]]:
    """Record every error of a statement that goes through SQLAlchemy."""
    errors: list[BaseException | None] = []

    def record(context: ExceptionContext) -> None:
        errors.append(context.sqlalchemy_exception)

    event.listen(Engine, "handle_error", record)
    try:
        yield errors
    finally:
        event.remove(Engine, "handle_error", record)


async def test_a_repeat_of_a_lead_that_is_being_erased_is_a_new_lead(postgres_url: str) -> None:
    form = {"Phone": PHONE, "tranid": "1:2"}
    async with running(postgres_url) as client:
        with psycopg.connect(postgres_url) as connection:
            connection.execute(HOLD_REPEATS)
            connection.commit()
            connection.execute("SELECT pg_advisory_xact_lock(1)")
            # The second of two concurrent requests is stored alone, because the batch already has its key.
            requests = asyncio.gather(*(client.post(WEBHOOK, data=form) for _ in range(2)))
            # The statement has found the lead and is about to record the repeat.
            await asyncio.to_thread(until, lambda: connection.execute(_HELD).fetchone(), "held")
            erased = connection.execute("DELETE FROM leads").rowcount
        with recorded_errors() as errors:
            responses = await requests
    assert [response.status_code for response in responses] == [201, 201]
    assert erased == 1
    assert len({response.json()["id"] for response in responses}) == 2
    assert [type(error) for error in errors] == [IntegrityError]
    assert [row[0] for row in stored_deliveries(postgres_url)] == ["stored", "stored"]


_OTHERS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SCANS = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'leads'"


async def test_a_plan_from_a_small_table_does_not_scan_all_leads_later(postgres_url: str) -> None:
    submission = Submission("", Contact(None, "anna_k"), "api")
    database = open_database(postgres_url)
    try:
        async with intake_writer(database) as intake:
            for key in "ab":
                await intake.store(KeyedSubmission(replace(submission, key=key), NOW))
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute("ANALYZE leads")
                for _ in range(8):
                    # PostgreSQL caches the generic plan after some executions.
                    await intake.store(KeyedSubmission(replace(submission, key="a"), NOW))
                connection.execute(
                    "INSERT INTO leads (name, username, source, source_key)"
                    " SELECT '', 'anna_k', 'api', number::text FROM generate_series(1, 5000) AS number"
                )
            assert not (await intake.store(KeyedSubmission(replace(submission, key="b"), NOW))).created
    finally:
        await database.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        # A server process reports its statistics when it ends.
        until(lambda: connection.execute(_OTHERS).fetchone() is None, "alone")
        assert connection.execute(_SCANS).fetchone() == (0,)
