"""Every kind of statement fails with a person's data in it: no line of any log repeats them."""

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from shared import logging_setup
from shared.database.bulk import insert_all, update_all
from shared.database.drivers.connections import sync_sqlite
from shared.database.engine import Database
from shared.database.models import DELIVERIES, LEADS, Lead

MARK = "Пелагея-Маркова"
EVIDENCE = {"extra": {}, "contact_evidence": {}}
ROW = {"name": MARK, "source": MARK, "phone": "1", **EVIDENCE}


async def _insert(database: Database) -> None:
    async with database.writing() as session:
        await session.exec(insert(LEADS).values(**ROW | {"phone": None}))


async def _insert_many(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(insert(LEADS), [ROW, ROW | {"phone": None}])


async def _insert_entity(database: Database) -> None:
    async with database.writing() as session:
        session.add(Lead(name=MARK, source=MARK))


async def _insert_duplicate(database: Database) -> None:
    async with database.writing() as session:
        row = ROW | {"source_key": MARK}
        await insert_all(session, LEADS, [row, row])


async def _insert_autocommitted(database: Database) -> None:
    async with database.autocommitting() as session:
        await session.exec(insert(DELIVERIES).values(source=MARK, body=MARK, outcome=MARK))


async def _update(database: Database) -> None:
    async with database.writing() as session:
        await session.exec(insert(LEADS).values(**ROW))
        await session.exec(update(LEADS).values(status=None, name=MARK))


async def _update_bulk(database: Database) -> None:
    async with database.writing() as session:
        session.add(lead := Lead(name=MARK, phone="1", source=MARK))
        await session.flush()
        await update_all(session, LEADS, {lead.id: {"name": MARK, "source": None}})


async def _delete(database: Database) -> None:
    async with database.writing() as session:
        await session.exec(delete(LEADS).where(text("no_such(:name)").bindparams(name=MARK)))


async def _select(database: Database) -> None:
    async with database.reading() as session:
        query = select(LEADS.c.id).where(text("no_such(:name)").bindparams(name=MARK))
        await (await session.connection()).execute(query)


async def _select_text(database: Database) -> None:
    async with database.reading() as session:
        query = text("SELECT nothing FROM leads WHERE name = :name").bindparams(bindparam("name", MARK))
        await (await session.connection()).execute(query)


async def _wrong_value(database: Database) -> None:
    async with database.writing() as session:
        await session.exec(insert(LEADS).values(**ROW | {"status": MARK}))


async def _lone_surrogate(database: Database) -> None:
    async with database.writing() as session:
        await session.exec(insert(LEADS).values(**ROW | {"name": f"{MARK}\udc00"}))


async def _raised_by_the_server(database: Database) -> None:
    async with database.engine.begin() as connection:
        if database.is_postgres:
            await connection.exec_driver_sql("SELECT CAST(%s AS integer)", (MARK,))
        else:
            await connection.exec_driver_sql("SELECT json(?)", (MARK,))


async def _synchronous(database: Database) -> None:
    if database.is_postgres:
        await _insert(database)
        return
    engine = sync_sqlite(database.url)
    try:
        with engine.begin() as connection:
            connection.execute(insert(LEADS), ROW | {"phone": None})
    finally:
        engine.dispose()


KINDS: list[Callable[[Database], Awaitable[None]]] = [
    *(_insert, _insert_many, _insert_entity, _insert_duplicate, _insert_autocommitted),
    *(_update, _update_bulk, _delete, _select, _select_text),
    *(_wrong_value, _lone_surrogate, _raised_by_the_server, _synchronous),
]


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged at DEBUG or written to stderr, as both processes configure it."""
    root = logging.getLogger()
    before, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logging_setup.configure("DEBUG")
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks


@pytest.mark.parametrize("fail", KINDS)
async def test_no_log_line_repeats_the_values_of_a_failed_statement(
    database: Database, output: io.StringIO, fail: Callable[[Database], Awaitable[None]]
) -> None:
    log = logging.getLogger("a failed statement")
    with pytest.raises((SQLAlchemyError, UnicodeError)) as raised:
        await fail(database)
    error = raised.value
    log.warning("lead %s: %s, %r", 5, error, error)
    log.error("lead %s", 5, exc_info=error)
    try:
        raise RuntimeError(MARK) from error
    except RuntimeError as outer:
        log.exception("again")
        sys.excepthook(RuntimeError, outer, outer.__traceback__)
    thread = threading.Thread(target=_raise, args=(error,))
    thread.start()
    thread.join()
    await _lose_a_task(error)
    written = output.getvalue()
    assert written.count("Traceback") >= 4
    assert type(error).__name__ in written
    assert MARK not in written
    assert ascii(MARK).strip("'") not in written


def _raise(error: Exception) -> None:
    raise error


async def _lose_a_task(error: Exception) -> None:
    """Let asyncio report an exception that no one has retrieved."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(_raising(error))
    await asyncio.wait({task})
    context = {"message": f"Task exception was never retrieved\nfuture: {task!r}", "exception": error}
    loop.default_exception_handler({**context, "future": task})
    task.exception()


async def _raising(error: Exception) -> None:
    raise error
