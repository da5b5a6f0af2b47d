"""Faults of the model and its API become errors of the assistant port."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from sandbox.fake_openai.faults import (
    Fault,
    Hang,
    Obey,
    RateLimit,
    Refusal,
    ServerError,
    SimpleFault,
)
from tests.support.waiting import patience_seconds
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.answer_reader import IncompleteAnswerError
from worker.assistant.model_client.api_responses import (
    EmptyAnswerError,
    UnfinishedThoughtError,
)
from worker.domain.assistant_port import (
    AssistantError,
    AssistantPausedError,
    AssistantUnavailableError,
    Brief,
    Turn,
)

ANNA = Brief("Анна", {"Комментарий": "Нужен сайт"})
YES = [Turn(from_us=True, text="Удобно созвониться?"), Turn(from_us=False, text="да")]
Make = Callable[..., Awaitable[ModelAssistant]]
PAUSE = timedelta(seconds=600)


async def reply_error(assistant: ModelAssistant) -> AssistantError:
    with pytest.raises(AssistantError) as raised:
        await assistant.reply(ANNA, YES)
    return raised.value


async def test_rate_limit_has_the_wait_of_retry_after(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(RateLimit(retry_after=7))
    error = await reply_error(assistant)
    assert type(error) is AssistantUnavailableError
    assert error.wait == timedelta(seconds=7)
    # A rate limit pauses nothing: the next call is made. And the SDK retried nothing by itself.
    await assistant.reply(ANNA, YES)
    assert server.call_count == 2


async def test_rate_limit_without_retry_after_has_no_wait(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(RateLimit())
    error = await reply_error(assistant)
    assert type(error) is AssistantUnavailableError
    assert error.wait is None


async def test_wait_of_a_rate_limit_is_at_most_one_hour(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(RateLimit(retry_after=1e9))
    error = await reply_error(assistant)
    assert isinstance(error, AssistantUnavailableError)
    assert error.wait == timedelta(hours=1)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (RateLimit(code="insufficient_quota"), "OPENAI_API_KEY"),
        (RateLimit(code="credit_balance_exhausted"), "OPENAI_API_KEY"),
        (SimpleFault(kind="invalid_key"), "OPENAI_API_KEY"),
        (SimpleFault(kind="unsupported_country"), "OPENAI_PROXY"),
    ],
)
async def test_fault_that_only_the_owner_can_fix_pauses_all_calls(
    assistant: ModelAssistant, server: Server, fault: Fault, named: str
) -> None:
    server.state.faults.add(fault)
    error = await reply_error(assistant)
    assert isinstance(error, AssistantPausedError)
    assert error.wait == PAUSE
    assert named in str(error)
    # The server would answer again, but no call is made before the pause is over.
    for _ in range(3):
        again = await reply_error(assistant)
        assert isinstance(again, AssistantPausedError)
        assert again.wait is not None
        assert timedelta() < again.wait <= PAUSE
        assert str(again) == str(error)
    with pytest.raises(AssistantPausedError):
        await assistant.greeting(ANNA)
    assert server.call_count == 1


async def test_calls_go_on_after_the_pause(make: Make, server: Server) -> None:
    assistant = await make(assistant_pause_seconds=0.2)
    server.state.faults.add(RateLimit(code="insufficient_quota"))
    started = time.monotonic()
    error = await reply_error(assistant)
    while (
        isinstance(error, AssistantPausedError)
        and error.wait
        and time.monotonic() < started + patience_seconds()
    ):
        await asyncio.sleep(error.wait.total_seconds())
        try:
            await assistant.reply(ANNA, YES)
        except AssistantPausedError as still:
            error = still
        else:
            break
    assert time.monotonic() - started >= 0.2
    assert server.call_count == 2


async def test_unknown_address_pauses_calls(make: Make, server: Server) -> None:
    assistant = await make(openai_base_url=f"{server.url}/elsewhere")
    error = await reply_error(assistant)
    assert isinstance(error, AssistantPausedError)
    assert "OPENAI_MODEL or OPENAI_BASE_URL" in str(error)


@pytest.mark.parametrize(
    "fault", [ServerError(), ServerError(status=503), SimpleFault(kind="drop"), Hang(seconds=0)]
)
async def test_call_after_an_outage_succeeds(assistant: ModelAssistant, server: Server, fault: Fault) -> None:
    server.state.faults.add(fault)
    error = await reply_error(assistant)
    assert type(error) is AssistantUnavailableError
    assert error.wait is None
    await assistant.reply(ANNA, YES)
    assert server.call_count == 2


async def test_a_slow_answer_is_told_from_an_outage(make: Make, server: Server) -> None:
    assistant = await make(openai_timeout_seconds=1, call_seconds=None)
    server.state.faults.add(Hang(seconds=30))
    error = await reply_error(assistant)
    assert isinstance(error, AssistantUnavailableError)
    assert error.slow
    closed = await make(openai_base_url="http://127.0.0.1:9/v1")
    error = await reply_error(closed)
    assert isinstance(error, AssistantUnavailableError)
    assert not error.slow


async def test_spaces_while_the_model_is_at_work_do_not_prolong_the_wait(make: Make) -> None:
    async def send_spaces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"\n")
                await writer.drain()
                await asyncio.sleep(0.1)

    async with await asyncio.start_server(send_spaces, "127.0.0.1", 0) as slow:
        host, port = slow.sockets[0].getsockname()
        assistant = await make(
            openai_base_url=f"http://{host}:{port}/v1", openai_timeout_seconds=1, call_seconds=None
        )
        error = await asyncio.wait_for(reply_error(assistant), patience_seconds(10))
    assert isinstance(error, AssistantUnavailableError)
    assert error.slow


async def test_closed_port_counts_as_unavailable(make: Make) -> None:
    assistant = await make(openai_base_url="http://127.0.0.1:9/v1")
    assert type(await reply_error(assistant)) is AssistantUnavailableError


@pytest.mark.parametrize(
    "fault",
    [
        SimpleFault(kind="malformed_json"),
        SimpleFault(kind="truncated"),
        Refusal(),
        SimpleFault(kind="empty"),
        Obey(answer="просто слова"),
        Obey(answer="[]"),
    ],
)
async def test_unusable_answer_is_one_failed_attempt(
    assistant: ModelAssistant, server: Server, fault: Fault
) -> None:
    server.state.faults.add(fault)
    assert type(await reply_error(assistant)) in {AssistantError, EmptyAnswerError, UnfinishedThoughtError}
    await assistant.reply(ANNA, YES)
    assert server.call_count == 2


@pytest.mark.parametrize(
    "fault",
    [Obey(answer={"text": "без намерения"}), Obey(fields={"intent": "perhaps"})],
)
async def test_a_missing_intent_is_asked_for_once_more(
    assistant: ModelAssistant, server: Server, fault: Fault
) -> None:
    server.state.faults.add(fault)
    verdict = await assistant.reply(ANNA, YES)
    assert verdict.usage is not None
    assert (server.call_count, verdict.usage.calls) == (2, 2)
    server.state.faults.add(fault.model_copy(update={"times": 2}))
    assert isinstance(await reply_error(assistant), IncompleteAnswerError)
    assert server.call_count == 4


async def test_error_does_not_contain_the_key(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(SimpleFault(kind="invalid_key"))
    assert "0123456789" not in str(await reply_error(assistant))


async def test_proxy_is_used(make: Make) -> None:
    # The port is closed, so a call through the proxy fails.
    assistant = await make(openai_proxy="http://127.0.0.1:9")
    assert type(await reply_error(assistant)) is AssistantUnavailableError


async def test_socks_proxy_is_supported(make: Make) -> None:
    pytest.importorskip("socksio")
    assistant = await make(openai_proxy="socks5h://127.0.0.1:9")
    assert type(await reply_error(assistant)) is AssistantUnavailableError
