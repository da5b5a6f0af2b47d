"""Everything that goes wrong between us and the model, in the worker's words."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from sandbox.fake_openai.faults import (
    Drop,
    Empty,
    Fault,
    Hang,
    InvalidKey,
    MalformedJson,
    Obey,
    RateLimit,
    Refusal,
    ServerError,
    Truncated,
    UnsupportedCountry,
)
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.domain.assistant_port import (
    AssistantError,
    AssistantPausedError,
    AssistantUnavailableError,
    Brief,
    Turn,
)

ANNA = Brief("Анна", {"Комментарий": "Нужен сайт"})
YES = [Turn(ours=True, text="Удобно созвониться?"), Turn(ours=False, text="да")]
Make = Callable[..., Awaitable[ModelAssistant]]
PAUSE = timedelta(seconds=600)


async def fail(assistant: ModelAssistant) -> AssistantError:
    with pytest.raises(AssistantError) as failed:
        await assistant.reply(ANNA, YES)
    return failed.value


async def test_a_rate_limit_says_when_to_come_back(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(RateLimit(retry_after=7))
    error = await fail(assistant)
    assert type(error) is AssistantUnavailableError
    assert error.wait == timedelta(seconds=7)
    # One limit is no pause: the next call goes out, and nothing was retried behind our back.
    await assistant.reply(ANNA, YES)
    assert server.asked == 2


async def test_a_rate_limit_without_a_word_on_when(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(RateLimit())
    error = await fail(assistant)
    assert type(error) is AssistantUnavailableError
    assert error.wait is None


async def test_no_rate_limit_is_believed_beyond_an_hour(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(RateLimit(retry_after=1e9))
    error = await fail(assistant)
    assert isinstance(error, AssistantUnavailableError)
    assert error.wait == timedelta(hours=1)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (RateLimit(code="insufficient_quota"), "OPENAI_API_KEY"),
        (RateLimit(code="credit_balance_exhausted"), "OPENAI_API_KEY"),
        (InvalidKey(), "OPENAI_API_KEY"),
        (UnsupportedCountry(), "OPENAI_PROXY"),
    ],
)
async def test_what_only_the_owner_can_mend_silences_the_model(
    assistant: ModelAssistant, server: Server, fault: Fault, named: str
) -> None:
    server.state.faults.add(fault)
    error = await fail(assistant)
    assert isinstance(error, AssistantPausedError)
    assert error.wait == PAUSE
    assert named in str(error)
    # The fault is used up, yet nobody asks until the pause is over.
    for _ in range(3):
        again = await fail(assistant)
        assert isinstance(again, AssistantPausedError)
        assert again.wait is not None
        assert timedelta() < again.wait <= PAUSE
        assert str(again) == str(error)
    with pytest.raises(AssistantPausedError):
        await assistant.greeting(ANNA)
    assert server.asked == 1


async def test_after_the_pause_the_model_is_asked_again(make: Make, server: Server) -> None:
    assistant = await make(assistant_pause_seconds=0.2)
    server.state.faults.add(RateLimit(code="insufficient_quota"))
    began = time.monotonic()
    error = await fail(assistant)
    while isinstance(error, AssistantPausedError) and error.wait and time.monotonic() < began + 5:
        await asyncio.sleep(error.wait.total_seconds())
        try:
            await assistant.reply(ANNA, YES)
        except AssistantPausedError as still:
            error = still
        else:
            break
    assert time.monotonic() - began >= 0.2
    assert server.asked == 2


async def test_an_unknown_model_silences_it_too(make: Make, server: Server) -> None:
    assistant = await make(openai_base_url=f"{server.url}/elsewhere")
    error = await fail(assistant)
    assert isinstance(error, AssistantPausedError)
    assert "OPENAI_MODEL or OPENAI_BASE_URL" in str(error)


@pytest.mark.parametrize("fault", [ServerError(), ServerError(status=503), Drop(), Hang(seconds=0)])
async def test_an_outage_passes(assistant: ModelAssistant, server: Server, fault: Fault) -> None:
    server.state.faults.add(fault)
    error = await fail(assistant)
    assert type(error) is AssistantUnavailableError
    assert error.wait is None
    await assistant.reply(ANNA, YES)
    assert server.asked == 2


async def test_silence_is_an_outage_after_a_while(make: Make, server: Server) -> None:
    assistant = await make(call_seconds=0.2)
    server.state.faults.add(Hang(seconds=30))
    assert type(await fail(assistant)) is AssistantUnavailableError


async def test_nobody_listens(make: Make) -> None:
    assistant = await make(openai_base_url="http://127.0.0.1:9/v1")
    assert type(await fail(assistant)) is AssistantUnavailableError


@pytest.mark.parametrize(
    "fault",
    [
        MalformedJson(),
        Truncated(),
        Refusal(),
        Empty(),
        Obey(answer="просто слова"),
        Obey(answer="[]"),
        Obey(answer={"text": "без намерения"}),
        Obey(fields={"intent": "perhaps"}),
    ],
)
async def test_an_unusable_answer_is_one_failed_try(
    assistant: ModelAssistant, server: Server, fault: Fault
) -> None:
    server.state.faults.add(fault)
    assert type(await fail(assistant)) is AssistantError
    await assistant.reply(ANNA, YES)
    assert server.asked == 2


async def test_no_error_tells_the_key(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(InvalidKey())
    assert "0123456789" not in str(await fail(assistant))


async def test_a_proxy_is_used(make: Make) -> None:
    # Nobody listens there, so that going through it fails.
    assistant = await make(openai_proxy="http://127.0.0.1:9")
    assert type(await fail(assistant)) is AssistantUnavailableError


async def test_socks_is_understood(make: Make) -> None:
    pytest.importorskip("socksio")
    assistant = await make(openai_proxy="socks5h://127.0.0.1:9")
    assert type(await fail(assistant)) is AssistantUnavailableError
