"""A sample of the sweep: errors of each class in each method; `make sweep` runs them all."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path

import pytest
from pyrogram import raw

from tests.chaos.sweep import steps
from tests.chaos.sweep.failures import all_failures, sample
from tests.chaos.sweep.round import most_in_a_minute
from tests.chaos.sweep.steps import MAX_CALLS_A_STEP, HotLoopError, StuckError, run_step
from tests.chaos.sweep.sweep import (
    LEAD_METHODS,
    SESSION_METHODS,
    Case,
    Row,
    sweep_leads,
    sweep_sessions,
    table,
)
from worker.domain.telegram_port import PaymentRequiredError, TelegramError
from worker.telegram.errors.classes import ErrorClass
from worker.telegram.errors.translation import translate_errors
from worker.telegram.transport.mtproto_session import rpc_error

# Every so many of a sample, others for each method: the classes take turns.
SHARE = 14


def share(methods: tuple[str, ...], by: int) -> list[Case]:
    """Return a part of the samples of all methods."""
    return [
        (method, failure)
        for number, method in enumerate(methods)
        for failure in itertools.islice(sample(method), (5 * number) % by, None, by)
    ]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.timeout(300)
async def test_no_error_of_a_call_for_leads_breaks_an_invariant(tmp_path: Path, sqlite_url: str) -> None:
    cases = share(LEAD_METHODS, SHARE)
    rows = await sweep_leads(tmp_path, sqlite_url, cases, lambda _: None, every_lead=False)
    assert [broken for row in rows for broken in row.broken] == []
    assert {row.method for row in rows} == set(LEAD_METHODS)
    assert min(row.errors for row in rows) >= 3


@pytest.mark.timeout(300)
async def test_no_error_of_a_call_of_the_session_breaks_an_invariant(tmp_path: Path) -> None:
    rows = await sweep_sessions(tmp_path, share(SESSION_METHODS, 4), lambda _: None)
    assert [broken for row in rows for broken in row.broken] == []
    assert {row.method for row in rows} == set(SESSION_METHODS)


def test_the_table_of_errors_is_whole() -> None:
    failures = [*all_failures("messages.SendMessage")]
    assert len(failures) > 980
    assert {failure.kind for failure in failures} == set(ErrorClass)
    names = {failure.message for failure in failures}
    assert {"FLOOD_WAIT_7", "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_7MIN", "USER_RESTRICTED"} <= names


def test_the_errors_of_a_class_are_one_to_the_worker() -> None:
    """So a round in which one of them persists tells of the others, which take turns."""
    found: dict[ErrorClass, set[type[TelegramError]]] = {}
    for failure in all_failures("messages.SendMessage"):
        if failure.action == "error":
            answer = raw.types.RpcError(error_code=failure.code, error_message=failure.message)
            with pytest.raises(TelegramError) as raised, translate_errors():
                raise rpc_error(answer, raw.functions.messages.SendMessage)
            assert str(raised.value), failure
            found.setdefault(failure.kind, set()).add(raised.type)
    found[ErrorClass.PERSON].remove(PaymentRequiredError)
    assert {kind: len(types) for kind, types in found.items()} == dict.fromkeys(ErrorClass, 1)


def test_the_most_calls_in_a_minute() -> None:
    assert most_in_a_minute([]) == 0
    assert most_in_a_minute([0, 30, 59.9, 60, 61, 200]) == 4


async def test_a_loop_without_a_pause_is_counted_in_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: Counter[str] = Counter()

    async def call(times: int) -> None:
        for _ in range(times):
            counts["users.GetUsers"] += 1
            await asyncio.sleep(0)
        await asyncio.sleep(0.6)

    await run_step(call(MAX_CALLS_A_STEP), counts, str)
    with pytest.raises(HotLoopError, match="users"):
        await run_step(call(MAX_CALLS_A_STEP + 1), counts, str)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)
    with pytest.raises(StuckError, match="here"):
        await run_step(call(1), counts, lambda: "here")


def test_the_table_is_readable() -> None:
    text = table([Row("messages.SendMessage", 990, 12, 480.0), Row("help.GetConfig", 991, 6, 90.0, ["x"])])
    assert text.splitlines()[-1].split() == ["total", "1981", "1", "12", "570"]
