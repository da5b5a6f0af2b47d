"""One submission is one lead and one statement, however many arrive at once and over whatever connection."""

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

from api.intake.connections import open_database
from api.intake.submission import KeyedSubmission, Submission
from api.intake.writer import IntakeWriter
from shared.contacts import Contact
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import PHONE
from tests.support.waiting import until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAD = {"name": "Анна", "phone": PHONE}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that goes to any database meanwhile; SQLite's BEGIN is no trip to a server."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@asynccontextmanager
async def taking_in(database: Database, window: timedelta = timedelta(0)) -> AsyncIterator[IntakeWriter]:
    """An intake on a database, outside of any application."""
    intake = IntakeWriter(database, window)
    try:
        yield intake
    finally:
        intake.close()


async def test_a_stored_lead_is_one_statement(lite: httpx2.AsyncClient) -> None:
    # The first of many also takes their permits of the rate limit.
    for path in ("/leads", WEBHOOK):
        assert (await lite.post(path, json={"name": "Яна", "phone": PHONE})).status_code == 201
    with counted() as statements:
        assert (await lite.post("/leads", json=LEAD)).status_code == 201
    assert len(statements) == 1
    assert "INSERT INTO leads" in statements[0]
    headers = {"Idempotency-Key": "k"}
    # The repeat is tried like any other; SQLite has no statement that also looks at what is there.
    for expected in (1, 2):
        with counted() as statements:
            await lite.post("/leads", json=LEAD, headers=headers)
        assert len(statements) == expected
    with counted() as statements:
        await lite.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"})
    # With its delivery; SQLite has no statement that writes two tables.
    assert len(statements) == 2
    assert "INSERT INTO leads" in statements[0]
    assert "INSERT INTO webhook_deliveries" in statements[1]


async def test_a_lead_and_its_delivery_are_one_commit(postgres_url: str) -> None:
    async with running(postgres_url) as client:
        for path in ("/leads", WEBHOOK):
            assert (await client.post(path, json={"name": "Яна", "phone": PHONE})).status_code == 201
        before = _transactions(postgres_url)
        with counted() as pooled:
            assert (await client.post("/leads", json=LEAD)).status_code == 201
            assert (await client.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"})).status_code == 201
            repeat = await client.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"})
    assert repeat.status_code == 200
    assert _transactions(postgres_url) - before == 3 + 1, "and this look at it"
    assert pooled == [], "nothing is asked besides"
    lead_id = repeat.json()["id"]
    assert kept(postgres_url)[-2:] == [("stored", lead_id), ("duplicate", lead_id)]


def kept(url: str) -> list[tuple[str, int | None]]:
    """The outcome and the lead of each delivery, oldest first."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT outcome, lead_id FROM webhook_deliveries ORDER BY id").fetchall()


def _transactions(url: str) -> int:
    """How many have written to the server so far, this one included."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    return int(row[0]) if row else 0


async def test_fifty_at_once_are_one_lead(client: httpx2.AsyncClient, database: Database) -> None:
    answers: list[httpx2.Response] = []

    async def deliver(number: int) -> None:
        if number % 2:
            answers.append(await client.post(WEBHOOK, data={"Phone": PHONE, "tranid": "1:2"}))
        else:
            answers.append(await client.post("/leads", json=LEAD, headers={"Idempotency-Key": "k"}))

    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(deliver, number)
    assert sorted(answer.status_code for answer in answers) == [200] * 98 + [201] * 2
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert len(await rows(database, "SELECT id FROM leads")) == 2
    outcomes = [row["outcome"] for row in await deliveries(database)]
    assert sorted(outcomes) == ["duplicate"] * 49 + ["stored"]


async def test_the_lead_and_its_delivery_stand_or_fall_together(
    client: httpx2.AsyncClient, database: Database
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE webhook_deliveries RENAME TO elsewhere")
    assert (await client.post(WEBHOOK, data={"Phone": PHONE})).status_code == 503
    assert await rows(database, "SELECT id FROM leads") == []


async def test_a_row_gives_all_its_columns(database: Database) -> None:
    submission = Submission("", Contact(None, "anna_k"), "api", "k", {"a": [1, None]})
    async with taking_in(database) as intake:
        first = await intake.store(KeyedSubmission(submission, NOW))
        again = await intake.store(KeyedSubmission(submission, NOW))
    assert (first.created, again.created) == (True, False)
    assert first.lead
    assert first.lead == again.lead
    assert {first.lead[name] for name in ("due_at", "created_at", "updated_at")} == {NOW}
    assert first.lead["extra"] == {"a": [1, None]}


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A fresh PostgreSQL database."""
    return str(request.getfixturevalue("postgres").create())


def _disconnect_everybody(url: str) -> int:
    # With a time to wait: without one the server's processes may still be listening when this returns.
    query = (
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


async def test_a_restart_of_the_server_is_not_noticed(postgres_url: str) -> None:
    async with running(postgres_url) as client:
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(client.get, "/leads")
        for number in range(1, 4):
            assert _disconnect_everybody(postgres_url) >= 1
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


async def test_a_connection_that_breaks_midway_is_tried_again_with_a_key(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(BREAK_ONCE)
    database = open_database(postgres_url)
    try:
        submission = Submission("", Contact(None, "anna_k"), "api", "k")
        async with taking_in(database) as intake:
            result = await intake.store(KeyedSubmission(submission, NOW))
            following = await intake.store(KeyedSubmission(replace(submission, key="l"), NOW))
        assert (result.created, following.created) == (True, True)
        tried = await rows(database, "SELECT last_value FROM tries")
        assert tried == [{"last_value": 3}], "once in vain"
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
def caught() -> Iterator[list[BaseException | None]]:
    """Every error of a statement that goes through SQLAlchemy meanwhile."""
    errors: list[BaseException | None] = []

    def note(context: ExceptionContext) -> None:
        errors.append(context.sqlalchemy_exception)

    event.listen(Engine, "handle_error", note)
    try:
        yield errors
    finally:
        event.remove(Engine, "handle_error", note)


async def test_a_repeat_of_a_lead_that_is_just_being_erased_is_a_new_lead(postgres_url: str) -> None:
    form = {"Phone": PHONE, "tranid": "1:2"}
    async with running(postgres_url) as client:
        with psycopg.connect(postgres_url) as connection:
            connection.execute(HOLD_REPEATS)
            connection.commit()
            connection.execute("SELECT pg_advisory_xact_lock(1)")
            # The second of two at once is tried by itself, since its key came twice.
            asked = asyncio.gather(*(client.post(WEBHOOK, data=form) for _ in range(2)))
            # The statement has found the lead, and is about to record the repeat of it.
            await asyncio.to_thread(until, lambda: connection.execute(_HELD).fetchone(), "held")
            erased = connection.execute("DELETE FROM leads").rowcount
        with caught() as errors:
            answers = await asked
    assert [answer.status_code for answer in answers] == [201, 201]
    assert erased == 1
    assert len({answer.json()["id"] for answer in answers}) == 2
    assert [type(error) for error in errors] == [IntegrityError]
    assert [row[0] for row in kept(postgres_url)] == ["stored", "stored"]


_OTHERS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SCANS = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'leads'"


async def test_no_repeat_reads_all_leads_though_there_were_few_at_first(postgres_url: str) -> None:
    submission = Submission("", Contact(None, "anna_k"), "api")
    database = open_database(postgres_url)
    try:
        async with taking_in(database) as intake:
            for key in "ab":
                await intake.store(KeyedSubmission(replace(submission, key=key), NOW))
            with psycopg.connect(postgres_url, autocommit=True) as connection:
                connection.execute("ANALYZE leads")
                for _ in range(8):
                    # So often that the plan is kept.
                    await intake.store(KeyedSubmission(replace(submission, key="a"), NOW))
                connection.execute(
                    "INSERT INTO leads (name, username, source, source_key)"
                    " SELECT '', 'anna_k', 'api', number::text FROM generate_series(1, 5000) AS number"
                )
            assert not (await intake.store(KeyedSubmission(replace(submission, key="b"), NOW))).created
    finally:
        await database.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        # A server process tells what it has done when it ends.
        until(lambda: connection.execute(_OTHERS).fetchone() is None, "alone")
        assert connection.execute(_SCANS).fetchone() == (0,)
