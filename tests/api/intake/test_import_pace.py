"""While a file is imported, other requests get their turn; a form's patience is measured, not guessed."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.forms.body.csv_reader import read_csv
from api.intake.csv_import import MAX_COLUMNS, import_rows
from api.middleware.request_priority import FORMS, FormsFirst
from shared.database.engine import Database
from tests.support.waiting import patience_seconds

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# A form has some ten turns of the event loop, and may take 50 ms.
TURN_SECONDS, LONGEST_TURN_SECONDS = 0.01, 0.05
WIDE = ";".join(f"текст {cell}" for cell in range(5_000))


async def _import(database: Database, text: str) -> list[str]:
    header, rows = read_csv(text.splitlines(keepends=True))
    report = import_rows(database, header, rows, region="RU", now=NOW)
    return [row.error or row.outcome async for row in report]


async def _turns(work: asyncio.Task[list[str]]) -> list[float]:
    """Return the processor time of each turn of the loop while the work went on; other programs add none."""
    turns = []
    while not work.done():
        began = time.thread_time()
        await asyncio.sleep(0)
        turns.append(time.thread_time() - began)
        await asyncio.sleep(0.001)
    return sorted(turns)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("phone;name\n" + "нет;Анна\n" * 6_000, lambda said: "phone" in said),
        ("phone;name\n" + f"{WIDE}\n" * 60, lambda said: str(MAX_COLUMNS) in said),
        ("phone;name\n" + "\n" * 200_000, None),
    ],
    ids=["refused", "wide", "blank"],
)
async def test_rows_that_are_all_refused_leave_room_for_forms(
    lite_database: Database, text: str, says: Callable[[str], bool] | None
) -> None:
    work = asyncio.create_task(_import(lite_database, text))
    turns = await _turns(work)
    said = await work
    assert all(map(says, said)) if says else said == []
    assert len(turns) > 10
    assert turns[len(turns) * 9 // 10] < patience_seconds(TURN_SECONDS), turns[-5:]
    assert turns[-1] < patience_seconds(LONGEST_TURN_SECONDS), turns[-5:]


async def test_a_slow_form_holds_up_an_import_only_once_its_body_is_whole() -> None:
    waited = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["more_body"]:
            waited.append(await FORMS.pass_by(0))
        waited.append(await FORMS.pass_by(0))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x", "more_body": len(waited) < 2}

    async def send(_message: Message) -> None: ...

    scope = {"type": "http", "method": "POST", "path": "/leads"}
    await FormsFirst(app, webhooks="/leads/webhooks")(scope, receive, send)
    assert waited == [False, False, True]
    assert not await FORMS.pass_by(0)
