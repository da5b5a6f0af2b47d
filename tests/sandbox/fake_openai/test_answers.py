"""Requests and answers of the real SDK, through both APIs."""

import asyncio

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.sandbox.fake_openai.conftest import Greeting, SdkClient, Verdict


async def test_a_reply_is_parsed_through_either_api(sdk_client: SdkClient) -> None:
    verdict = await sdk_client.ask("да, давайте", Verdict)
    assert verdict is not None
    assert (verdict.intent, verdict.language, verdict.reason) == ("accept", "ru", None)
    assert verdict.confidence > 0.5
    assert "http" not in verdict.text


async def test_a_greeting_is_parsed_through_either_api(sdk_client: SdkClient) -> None:
    greeting = await sdk_client.ask("Имя: Анна\nКомпания: GordovCode\nЗаявка: Нужен лендинг", Greeting)
    assert greeting is not None
    assert "Анна" in greeting.text
    assert "GordovCode" in greeting.text


async def test_a_whole_conversation_of_typed_messages_is_read(sdk: AsyncOpenAI) -> None:
    response = await sdk.responses.parse(
        model="gpt-4.1-mini",
        instructions="Ты помощник.",
        input=[
            {"role": "developer", "content": "Отвечай кратко."},
            {"role": "user", "content": "Имя: Пётр\nЗаявка: сайт"},
            {"role": "assistant", "content": "Здравствуйте, Пётр! Удобно созвониться?"},
            {"role": "user", "content": [{"type": "input_text", "text": "Уже неактуально"}]},
        ],
        text_format=Verdict,
        store=False,
        max_output_tokens=400,
    )
    assert response.output_parsed is not None
    assert response.output_parsed.intent == "reject"
    assert response.status == "completed"


async def test_usage_ids_and_request_ids_are_filled(sdk: AsyncOpenAI) -> None:
    response = await sdk.responses.parse(model="m", input="да", text_format=Verdict)
    assert response.id.startswith("resp_")
    assert response._request_id is not None
    assert response._request_id.startswith("req_")
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    completion = await sdk.chat.completions.parse(
        model="m", messages=[{"role": "user", "content": "да"}], response_format=Verdict
    )
    assert completion.id.startswith("chatcmpl-")
    assert completion._request_id is not None
    assert completion.usage is not None
    assert completion.usage.completion_tokens > 0


async def test_a_long_prefix_is_cached_the_second_time_only(sdk: AsyncOpenAI) -> None:
    rules = "Компания делает сайты и приложения. " * 120
    cached = []
    for said in ("да", "нет"):
        response = await sdk.responses.create(model="m", instructions=rules, input=said)
        assert response.usage is not None
        cached.append(response.usage.input_tokens_details.cached_tokens)
    assert cached[0] == 0
    assert cached[1] >= 1024
    assert cached[1] % 128 == 0


async def test_without_a_schema_the_answer_is_plain_text(sdk: AsyncOpenAI) -> None:
    response = await sdk.responses.create(model="m", input="not interested")
    assert response.output_text.startswith(("Sorry", "Understood"))


async def test_a_json_object_needs_the_word_json_in_the_prompt(sdk: AsyncOpenAI) -> None:
    completion = await sdk.chat.completions.create(
        model="m",
        messages=[
            {"role": "system", "content": "Reply in JSON: intent, text."},
            {"role": "user", "content": "да"},
        ],
        response_format={"type": "json_object"},
    )
    assert '"intent": "accept"' in (completion.choices[0].message.content or "")
    with pytest.raises(openai.BadRequestError, match="json"):
        await sdk.responses.create(model="m", input="да", text={"format": {"type": "json_object"}})


async def test_a_token_limit_truncates_the_answer(sdk: AsyncOpenAI) -> None:
    response = await sdk.responses.create(model="m", input="сколько стоит сайт?", max_output_tokens=16)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    with pytest.raises(openai.LengthFinishReasonError):
        await sdk.chat.completions.parse(
            model="m",
            messages=[{"role": "user", "content": "да"}],
            response_format=Verdict,
            max_completion_tokens=5,
        )


async def test_models_are_listed(sdk: AsyncOpenAI) -> None:
    listed = [model.id async for model in sdk.models.list()]
    assert "gpt-4.1-mini" in listed
    assert (await sdk.models.retrieve("gpt-4o")).owned_by == "the sandbox's rules"
    with pytest.raises(openai.NotFoundError):
        await sdk.models.retrieve("gpt-0")


async def test_a_missing_key_is_refused_everywhere(control: httpx2.AsyncClient) -> None:
    for method, path in (("POST", "/v1/responses"), ("POST", "/v1/chat/completions"), ("GET", "/v1/models")):
        answer = await control.request(method, path)
        assert answer.status_code == 401, path
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_required_parameter"),
        ({"model": "m"}, "missing_required_parameter"),
        ({"model": 1, "input": "x"}, "invalid_type"),
        ({"model": "m", "input": []}, "empty_array"),
        ({"model": "m", "input": "x", "temprature": 1}, "unknown_parameter"),
        ({"model": "m", "input": "x", "max_output_tokens": 3}, "integer_below_min_value"),
        ({"model": "m", "input": [{"role": "bot", "content": "x"}]}, "invalid_value"),
        (
            {
                "model": "m",
                "input": [{"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}],
            },
            "invalid_value",
        ),
        ({"model": "m", "input": "x", "stream": True}, "unsupported_value"),
    ],
)
async def test_a_malformed_request_is_refused_in_openais_form(
    control: httpx2.AsyncClient, body: dict[str, object], code: str
) -> None:
    answer = await control.post("/v1/responses", json=body, headers={"authorization": "Bearer k"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_invalid_json_and_unknown_paths_are_refused(control: httpx2.AsyncClient) -> None:
    key = {"authorization": "Bearer k"}
    assert (await control.post("/v1/chat/completions", content=b"{", headers=key)).status_code == 400
    assert (await control.post("/v1/chat/completions", json=[1], headers=key)).status_code == 400
    unknown = await control.post("/v1/embeddings", json={}, headers=key)
    assert unknown.status_code == 404
    assert unknown.json()["error"]["message"] == "Invalid URL (POST /v1/embeddings)"


async def test_every_answer_has_the_configured_latency(
    control: httpx2.AsyncClient, sdk_client: SdkClient
) -> None:
    assert (await control.put("/openai/settings", json={"latency_seconds": 0.15})).status_code == 200
    loop = asyncio.get_running_loop()
    before = loop.time()
    await sdk_client.ask("да", Verdict)
    assert loop.time() - before >= 0.15
