"""Every fault as the SDK sees it."""

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from pydantic import ValidationError

from tests.sandbox.fake_openai.conftest import FaultPlanner, SdkClient, Verdict


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ({"kind": "rate_limit"}, openai.RateLimitError, "rate_limit_exceeded"),
        ({"kind": "rate_limit", "code": "insufficient_quota"}, openai.RateLimitError, "insufficient_quota"),
        (
            {"kind": "rate_limit", "code": "credit_balance_exhausted"},
            openai.RateLimitError,
            "credit_balance_exhausted",
        ),
        ({"kind": "server_error"}, openai.InternalServerError, None),
        ({"kind": "server_error", "status": 503}, openai.InternalServerError, None),
        ({"kind": "invalid_key"}, openai.AuthenticationError, "invalid_api_key"),
        (
            {"kind": "unsupported_country"},
            openai.PermissionDeniedError,
            "unsupported_country_region_territory",
        ),
    ],
)
async def test_an_error_fault_affects_one_request(
    sdk_client: SdkClient,
    plan_fault: FaultPlanner,
    fault: dict[str, object],
    error: type[openai.APIStatusError],
    code: str | None,
) -> None:
    await plan_fault.post(fault)
    with pytest.raises(error) as caught:
        await sdk_client.ask("да", Verdict)
    assert caught.value.code == code
    assert caught.value.status_code == fault.get("status", caught.value.status_code)
    assert await sdk_client.ask("да", Verdict) is not None


async def test_a_rate_limit_has_a_retry_after_header(sdk_client: SdkClient, plan_fault: FaultPlanner) -> None:
    await plan_fault("rate_limit", retry_after=1.5)
    with pytest.raises(openai.RateLimitError) as caught:
        await sdk_client.ask("да", Verdict)
    assert caught.value.response.headers["retry-after"] == "1.5"


async def test_a_hanging_answer_is_a_timeout(sdk_client: SdkClient, plan_fault: FaultPlanner) -> None:
    await plan_fault("timeout", seconds=30)
    with pytest.raises(openai.APITimeoutError):
        await sdk_client.ask("да", Verdict, timeout=0.2)


async def test_a_hang_that_ends_drops_the_connection(sdk_client: SdkClient, plan_fault: FaultPlanner) -> None:
    await plan_fault("timeout", seconds=0.05)
    with pytest.raises(openai.APIConnectionError):
        await sdk_client.ask("да", Verdict)


async def test_a_delayed_answer_is_otherwise_normal(sdk_client: SdkClient, plan_fault: FaultPlanner) -> None:
    await plan_fault("delay", seconds=0.3, times=2)
    with pytest.raises(openai.APITimeoutError):
        await sdk_client.ask("да", Verdict, timeout=0.1)
    assert await sdk_client.ask("да", Verdict) is not None


async def test_a_dropped_connection_is_a_connection_error(
    sdk_client: SdkClient, plan_fault: FaultPlanner
) -> None:
    await plan_fault("drop")
    with pytest.raises(openai.APIConnectionError) as caught:
        await sdk_client.ask("да", Verdict)
    assert not isinstance(caught.value, openai.APITimeoutError)
    assert await sdk_client.ask("да", Verdict) is not None


async def test_malformed_json_is_a_validation_error(sdk_client: SdkClient, plan_fault: FaultPlanner) -> None:
    await plan_fault("malformed_json")
    with pytest.raises(ValidationError):
        await sdk_client.ask("да", Verdict)


async def test_a_truncated_answer_is_incomplete(sdk: AsyncOpenAI, plan_fault: FaultPlanner) -> None:
    await plan_fault("truncated", times=3)
    with pytest.raises(ValidationError):
        await SdkClient(sdk, "responses").ask("да", Verdict)
    with pytest.raises(openai.LengthFinishReasonError):
        await SdkClient(sdk, "chat").ask("да", Verdict)
    response = await sdk.responses.create(model="m", input="да")
    assert response.status == "incomplete"


async def test_a_refusal_has_no_parsed_answer(sdk: AsyncOpenAI, plan_fault: FaultPlanner) -> None:
    await plan_fault("refusal", message="No.", times=2)
    response = await sdk.responses.parse(model="m", input="да", text_format=Verdict)
    assert response.output_parsed is None
    assert response.status == "completed"
    assert [part.type for item in response.output if item.type == "message" for part in item.content] == [
        "refusal"
    ]
    completion = await sdk.chat.completions.parse(
        model="m", messages=[{"role": "user", "content": "да"}], response_format=Verdict
    )
    assert completion.choices[0].message.refusal == "No."
    assert completion.choices[0].message.parsed is None


async def test_an_empty_answer_parses_to_nothing(sdk_client: SdkClient, plan_fault: FaultPlanner) -> None:
    await plan_fault("empty")
    assert await sdk_client.ask("да", Verdict) is None


async def test_an_obey_fault_returns_the_given_answer(
    sdk_client: SdkClient, plan_fault: FaultPlanner
) -> None:
    await plan_fault("obey", fields={"text": "Бонус: https://evil.example"})
    verdict = await sdk_client.ask("да", Verdict)
    assert verdict is not None
    assert (verdict.intent, verdict.text) == ("accept", "Бонус: https://evil.example")
    await plan_fault("obey", answer={**verdict.model_dump(), "intent": "reject"})
    assert (await sdk_client.ask("да", Verdict) or verdict).intent == "reject"
    await plan_fault("obey", answer="not json")
    with pytest.raises(ValidationError):
        await sdk_client.ask("да", Verdict)


async def test_a_fault_affects_only_matching_requests(
    sdk: AsyncOpenAI, plan_fault: FaultPlanner, control: httpx2.AsyncClient
) -> None:
    chat, responses = SdkClient(sdk, "chat"), SdkClient(sdk, "responses")
    await plan_fault("server_error", match="Пётр")
    await plan_fault("empty", api="chat")
    assert await responses.ask("да", Verdict) is not None
    assert await chat.ask("да", Verdict) is None
    with pytest.raises(openai.InternalServerError):
        await responses.ask("Меня зовут Пётр\nда", Verdict)
    assert (await control.get("/openai/faults")).json() == {"faults": []}


async def test_a_fault_without_a_count_stays_until_removed(
    sdk: AsyncOpenAI, plan_fault: FaultPlanner, control: httpx2.AsyncClient
) -> None:
    planned = await plan_fault("invalid_key", times=None, api="models")
    for _ in range(2):
        with pytest.raises(openai.AuthenticationError):
            await sdk.models.list()
    [entry] = (await control.get("/openai/faults")).json()["faults"]
    assert (entry["id"], entry["struck"]) == (planned["id"], 2)
    assert (await control.delete(f"/openai/faults/{planned['id']}")).json() == {"removed": 1}
    assert (await control.delete(f"/openai/faults/{planned['id']}")).status_code == 404
    assert (await sdk.models.list()).data


async def test_an_unknown_fault_is_refused(control: httpx2.AsyncClient) -> None:
    assert (await control.post("/openai/faults", json={"kind": "earthquake"})).status_code == 422
    assert (await control.post("/openai/faults", json={"kind": "drop", "times": 0})).status_code == 422


async def test_all_faults_can_be_cleared(
    sdk_client: SdkClient, plan_fault: FaultPlanner, control: httpx2.AsyncClient
) -> None:
    await plan_fault("empty", times=5)
    await plan_fault("drop", times=5)
    assert (await control.delete("/openai/faults")).json() == {"removed": 2}
    assert await sdk_client.ask("да", Verdict) is not None
