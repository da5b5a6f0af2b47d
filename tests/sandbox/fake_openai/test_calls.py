"""The call log and its counters."""

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from sandbox.fake_openai.call_log import KEPT_CALLS
from sandbox.fake_openai.state import OpenAIState
from tests.sandbox.fake_openai.conftest import FaultPlanner, SdkClient, Verdict


async def test_a_call_is_logged_with_question_and_answer(
    sdk_client: SdkClient, control: httpx2.AsyncClient
) -> None:
    verdict = await sdk_client.ask("да, давайте", Verdict)
    assert verdict is not None
    logged = (await control.get("/openai/calls")).json()
    [call] = logged["calls"]
    assert (call["api"], call["model"], call["status"]) == (sdk_client.api, "gpt-4.1-mini", 200)
    assert call["messages"] == [{"role": "user", "text": "да, давайте"}]
    assert call["instructions"] == "Ты помощник."
    assert call["schema_name"] == "Verdict"
    assert verdict.text in call["answer"]
    assert logged["counters"]["total"] == 1
    assert logged["counters"]["input_tokens"] == call["usage"]["input_tokens"] > 0


async def test_failures_are_logged_and_counted(
    sdk: AsyncOpenAI, plan_fault: FaultPlanner, control: httpx2.AsyncClient
) -> None:
    sdk_client = SdkClient(sdk, "responses")
    await plan_fault("rate_limit")
    await plan_fault("drop")
    for error in (openai.RateLimitError, openai.APIConnectionError):
        with pytest.raises(error):
            await sdk_client.ask("да", Verdict)
    await control.post("/v1/responses", json={"model": "m"}, headers={"authorization": "Bearer k"})
    await sdk_client.ask("да", Verdict)
    logged = (await control.get("/openai/calls")).json()
    assert [call["status"] for call in logged["calls"]] == [429, 0, 400, 200]
    assert [call["fault"] for call in logged["calls"]] == ["rate_limit", "drop", None, None]
    assert logged["counters"]["by_status"] == {"429": 1, "0": 1, "400": 1, "200": 1}
    assert logged["counters"]["by_fault"] == {"rate_limit": 1, "drop": 1}


async def test_the_log_keeps_the_last_calls_and_counts_all(
    served: tuple[str, OpenAIState], sdk: AsyncOpenAI, control: httpx2.AsyncClient
) -> None:
    await SdkClient(sdk, "chat").ask("да", Verdict)
    _, state = served
    [call] = state.calls.recent()
    for _ in range(KEPT_CALLS):
        state.calls.add(call)
    assert len(state.calls.recent()) == KEPT_CALLS
    logged = (await control.get("/openai/calls", params={"limit": 3})).json()
    assert len(logged["calls"]) == 3
    assert logged["counters"]["by_api"] == {"chat": KEPT_CALLS + 1}
    assert (await control.delete("/openai/calls")).json() == {"removed": KEPT_CALLS}
    assert (await control.get("/openai/calls")).json()["counters"]["total"] == 0
