"""The second provider answers while the first is out, and only then; the owner reads both changes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.faults import Fault, Hang, RawAnswer, Refusal, ServerError, SimpleFault
from sandbox.fake_openai.state import OpenAIState
from sandbox.http import HttpServer
from shared.database.engine import Database
from shared.database.models import Lead, Message
from tests.support.failure_results import LINK
from tests.support.fakes import World
from tests.support.model_failures import error
from tests.support.model_journey import Journey, journey
from worker.assistant.output_schemas import ReplyAnswer
from worker.domain.assistant_port import Turn
from worker.monitoring import status_report, status_text
from worker.notifications.notifier import OwnerNotifier
from worker.runtime.watches.model_watch import ProviderRecorder, restore_providers

YES = "Да, давайте созвонимся"
SECOND = "deepseek-chat"
NO_MONEY = RawAnswer(status=402, body=error("Insufficient Balance"), times=None)
OUT: dict[str, Fault] = {
    "no money": NO_MONEY,
    "key": SimpleFault(kind="invalid_key", times=None),
    "country": SimpleFault(kind="unsupported_country", times=None),
    "model": SimpleFault(kind="unknown_model", times=None),
    "outage": ServerError(status=503, times=None),
    "rate limit": RawAnswer(status=429, headers={"Retry-After": "600"}, body={"error": {}}, times=None),
    "dropped": SimpleFault(kind="drop", times=None),
}


@pytest.fixture(scope="module")
async def second_server() -> AsyncIterator[tuple[str, OpenAIState]]:
    """The server of the second provider."""
    state = OpenAIState()
    http = HttpServer(create_openai_app(state), "127.0.0.1", 0)
    await http.start()
    yield f"http://127.0.0.1:{http.port}/v1", state
    await http.stop()


@pytest.fixture
def second(second_server: tuple[str, OpenAIState]) -> OpenAIState:
    """The second provider, without planned faults and recorded calls."""
    _, state = second_server
    state.faults.clear()
    state.calls.clear()
    return state


@pytest.fixture
def begin(
    journey_database: Database, served: tuple[str, OpenAIState], second_server: tuple[str, OpenAIState]
) -> Callable[..., AbstractAsyncContextManager[Journey]]:
    """Begin a journey with two providers; options are further settings."""
    return partial(
        journey,
        journey_database,
        *served,
        openai_fallback_base_url=second_server[0],
        openai_fallback_api_key="sk-second-0123456789",
        openai_fallback_model=SECOND,
    )


@pytest.fixture
async def talk(
    begin: Callable[..., AbstractAsyncContextManager[Journey]], second: OpenAIState
) -> AsyncIterator[Journey]:
    """A worker with two providers and the default pauses."""
    assert second.calls.counters().total == 0
    async with begin() as run:
        yield run


async def model_of(talk: Journey, lead: Lead) -> str | None:
    """The model that wrote the answer to this person."""
    async with talk.database.reading() as session:
        is_ours = (col(Message.direction) == "out", col(Message.model).is_not(None))
        query = select(Message.model).where(col(Message.lead_id) == lead.id, *is_ours)
        return (await session.exec(query)).first()


def calls(state: OpenAIState) -> int:
    return state.calls.counters().total


@pytest.mark.parametrize("fault", OUT.values(), ids=list(OUT))
async def test_the_second_answers_while_the_first_is_out(
    talk: Journey, second: OpenAIState, fault: Fault
) -> None:
    talk.server.faults.add(fault)
    leads = [await talk.writes(YES) for _ in range(3)]
    await talk.run(1)
    assert all(LINK in talk.world.received(lead)[0] for lead in leads)
    assert [(await talk.row(lead)).attempts for lead in leads] == [0, 0, 0]
    assert [await model_of(talk, lead) for lead in leads] == [SECOND] * 3
    assert talk.client.pause_reason is None
    assert "second provider" in (talk.client.trouble or "")
    # The first is left alone: others are asked of the second at once.
    before = calls(talk.server)
    another = await talk.writes(YES)
    await talk.run(0)
    assert LINK in talk.world.received(another)[0]
    assert calls(talk.server) == before
    assert calls(second) == 4
    talk.server.faults.clear()
    talk.clock.now += timedelta(seconds=700)
    later = await talk.writes(YES)
    await talk.run(1)
    assert await model_of(talk, later) == "gpt-4.1-mini"
    assert calls(second) == 4
    assert talk.client.trouble is None


async def test_the_first_is_tried_after_growing_pauses(talk: Journey, second: OpenAIState) -> None:
    talk.server.faults.add(ServerError(status=503, times=None))
    tried = []
    for second_of_day in range(600):
        lead = await talk.writes(YES) if second_of_day % 10 == 0 else None
        before = calls(talk.server)
        await talk.client.try_again()
        await talk.run(1)
        tried += [talk.now] * (calls(talk.server) - before)
        if lead is not None:
            assert LINK in talk.world.received(lead)[0]
    assert len(tried) <= 12
    assert tried[-1] - tried[-2] > timedelta(seconds=60)
    assert calls(second) == 60


async def test_the_first_is_found_to_be_back_while_nobody_writes(talk: Journey) -> None:
    talk.server.faults.add(ServerError(status=503, times=1))
    await talk.writes(YES)
    await talk.run(1)
    assert talk.client.trouble is not None
    talk.clock.now += timedelta(seconds=5)
    await talk.client.try_again()
    assert talk.client.trouble is None


@pytest.mark.parametrize("fault", [Refusal(times=None), SimpleFault(kind="malformed_json", times=None)])
async def test_an_answer_of_no_use_is_no_reason_for_the_second(
    talk: Journey,
    second: OpenAIState,
    fault: Fault,
) -> None:
    talk.server.faults.add(fault)
    lead = await talk.writes(YES)
    await talk.run(60)
    assert len(talk.world.received(lead)) == 1
    assert calls(second) == 0


async def test_one_slow_answer_is_asked_of_the_second(
    begin: Callable[..., AbstractAsyncContextManager[Journey]], second: OpenAIState
) -> None:
    async with begin(openai_timeout_seconds=1) as talk:
        talk.server.faults.add(Hang(seconds=30, times=1))
        lead = await talk.writes(YES)
        await talk.run(1)
        assert LINK in talk.world.received(lead)[0]
        assert calls(second) == 1
        assert talk.client.trouble is None


async def test_with_both_out_nobody_is_lost(talk: Journey, second: OpenAIState) -> None:
    talk.server.faults.add(NO_MONEY)
    second.faults.add(ServerError(status=502, times=None))
    leads = [await talk.writes(YES) for _ in range(5)]
    await talk.run(60)
    assert all(talk.world.received(lead) == [] for lead in leads)
    row = await talk.row(leads[0])
    assert row.attempts == 0
    assert (row.last_error or "").startswith("the model cannot be reached: 502")
    assert "(the second provider)" in (row.last_error or "")
    assert "no money" in (row.last_error or "")
    assert calls(second) <= 30
    second.faults.clear()
    await talk.run(60)
    assert all(LINK in talk.world.received(lead)[0] for lead in leads)


async def test_with_no_money_at_both_the_owner_reads_both(talk: Journey, second: OpenAIState) -> None:
    talk.server.faults.add(NO_MONEY)
    second.faults.add(SimpleFault(kind="invalid_key", times=None))
    lead = await talk.writes(YES)
    await talk.run(30)
    assert talk.world.received(lead) == []
    reason = talk.client.pause_reason or ""
    assert "OPENAI_API_KEY: the account has no money left" in reason
    assert "OPENAI_FALLBACK_API_KEY: the key is refused" in reason
    assert calls(talk.server) + calls(second) == 2


async def told(talk: Journey, world: World) -> list[str]:
    """Run the owner's notifier now and a minute later; returns what the owner has read in it."""
    before = len(world.asked)
    for _ in range(2):
        notifier = OwnerNotifier(
            talk.database,
            talk.account_id,
            world,
            talk.clock,
            "me",
            "ru",
            60,
            ZoneInfo("Europe/Moscow"),
            lambda: talk.client.pause_reason,
            lambda: True,
        )
        await notifier.run_once()
        talk.clock.now += timedelta(minutes=2)
    return [str(call[1]) for call in world.asked[before:] if call[0] == "note"]


async def test_the_owner_is_told_once_of_each_change(talk: Journey) -> None:
    world, recorder = World(), ProviderRecorder(talk.client, talk.database, talk.clock)
    await recorder.store()
    await told(talk, world)
    talk.server.faults.add(NO_MONEY)
    await talk.writes(YES)
    await talk.run(30)
    await recorder.store()
    (line,) = [text for text in await told(talk, world) if "вторая модель" in text]
    assert f"{SECOND} (127.0.0.1:" in line
    assert "Insufficient Balance" in line
    assert await told(talk, world) == []
    shown = status_text.as_text(await status_report.load_status(talk.database, now=talk.now))
    assert "out since" in shown
    assert "Insufficient Balance" in shown
    assert "in use" in shown
    talk.server.faults.clear()
    talk.clock.now += timedelta(minutes=11)
    await talk.client.try_again()
    await recorder.store()
    (line,) = await told(talk, world)
    assert "снова отвечает" in line
    assert await told(talk, world) == []
    shown = status_text.as_text(await status_report.load_status(talk.database, now=talk.now))
    assert "out since" not in shown
    assert "ready" in shown


async def test_a_short_outage_is_not_reported(talk: Journey) -> None:
    world, recorder = World(), ProviderRecorder(talk.client, talk.database, talk.clock)
    await told(talk, world)
    talk.server.faults.add(ServerError(status=503, times=1))
    await talk.writes(YES)
    await talk.run(10)
    await talk.client.try_again()
    await recorder.store()
    assert [text for text in await told(talk, world) if "модель" in text] == []


async def test_a_restart_keeps_the_form_and_the_outage(
    begin: Callable[..., AbstractAsyncContextManager[Journey]], second: OpenAIState
) -> None:
    no_schema = error("This response_format type is unavailable now", "invalid_request_error")
    async with begin() as talk:
        talk.server.faults.add(RawAnswer(status=400, body=no_schema, times=None, match='"json_schema"'))
        second.faults.add(RawAnswer(status=400, body=no_schema, times=None, match='"json_schema"'))
        first = talk.client.first
        await talk.writes(YES)
        await talk.run(1)
        talk.server.faults.clear()
        talk.server.faults.add(ServerError(status=503, times=None))
        await talk.writes(YES)
        await talk.run(1)
        await ProviderRecorder(talk.client, talk.database, talk.clock).store()
        assert str(first.form).startswith("chat with json_object")
    async with begin() as talk:
        await restore_providers(talk.client, talk.database)
        assert str(talk.client.first.form).startswith("chat with json_object")
        assert talk.client.trouble is not None
        before = calls(talk.server)
        await talk.client.try_again()
        assert calls(talk.server) == before + 1
        assert talk.client.trouble is None


async def test_a_stored_form_that_stops_working_is_replaced(
    begin: Callable[..., AbstractAsyncContextManager[Journey]],
) -> None:
    async with begin() as talk:
        talk.client.first.restore_form("chat with text, max_tokens")
        body = {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_tokens"], "msg": "Extra inputs"}]}
        talk.server.faults.add(RawAnswer(status=422, body=body, times=None, match='"max_tokens"'))
        await talk.client.ask("Ответь.", [Turn(from_us=False, text="Привет")], ReplyAnswer)
        assert "max_completion_tokens" in str(talk.client.first.form)
