"""Requests equal those of the SDK's typed calls, and responses are parsed with the same result."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import ResponseInputItemParam
from pydantic import BaseModel, ValidationError

from worker.assistant.api_formats import APIS, MAX_OUTPUT_TOKENS, RawAnswer
from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.domain.assistant_port import AssistantError, Turn

MODEL, INSTRUCTIONS = "gpt-4.1-mini", "Отвечайте коротко."
TURNS = [
    Turn(from_us=False, text="Нужен сайт"),
    Turn(from_us=True, text="Созвонимся?"),
    Turn(from_us=False, text="да"),
]
TEXT = json.dumps({"text": "Здравствуйте!"}, ensure_ascii=False)


class RecordingServer:
    """A server that stores the last request body and always responds with `answer`."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.body: Any = None
        self._answer = answer

    def client(self) -> AsyncOpenAI:
        """An SDK client of this server."""
        http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._respond))
        return AsyncOpenAI(api_key="key", base_url="http://model/v1", http_client=http_client)

    def _respond(self, request: httpx2.Request) -> httpx2.Response:
        self.body = json.loads(request.content)
        return httpx2.Response(200, json=dict(self._answer))


def response(*output: Mapping[str, Any], **more: object) -> dict[str, Any]:
    return {"id": "r", "object": "response", "model": MODEL, "output": list(output), **more}


def message(text: str, **more: object) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "m", "type": "message", "role": "assistant", "content": content, **more}


def completion(finish_reason: str = "stop", **message: object) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", **message}}
    return {"id": "c", "object": "chat.completion", "model": MODEL, "choices": [choice]}


def parse(api: str, answer: Mapping[str, Any]) -> RawAnswer:
    return APIS[api].parse(json.dumps(answer).encode())


@pytest.mark.parametrize("shape", [GreetingAnswer, ReplyAnswer])
async def test_responses_request_equals_that_of_the_sdk(shape: type[BaseModel]) -> None:
    server = RecordingServer(response())
    messages: list[ResponseInputItemParam] = [
        {"role": "assistant" if turn.from_us else "user", "content": turn.text} for turn in TURNS
    ]
    await server.client().responses.parse(
        model=MODEL,
        instructions=INSTRUCTIONS,
        input=messages,
        text_format=shape,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        store=False,
    )
    assert APIS["responses"].build_body(MODEL, INSTRUCTIONS, TURNS, shape) == server.body


@pytest.mark.parametrize("shape", [GreetingAnswer, ReplyAnswer])
async def test_chat_completions_request_equals_that_of_the_sdk(shape: type[BaseModel]) -> None:
    server = RecordingServer(completion(content=None))
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": TURNS[0].text},
        {"role": "assistant", "content": TURNS[1].text},
        {"role": "user", "content": TURNS[2].text},
    ]
    await server.client().chat.completions.parse(
        model=MODEL, messages=messages, response_format=shape, max_completion_tokens=MAX_OUTPUT_TOKENS
    )
    assert APIS["chat"].build_body(MODEL, INSTRUCTIONS, TURNS, shape) == server.body


@pytest.mark.parametrize(
    "answer",
    [
        response(message(TEXT)),
        response({"id": "t", "type": "reasoning", "summary": []}, message(TEXT)),
        response(message("Думаю вслух…", phase="commentary"), message(TEXT, phase="final_answer")),
        response(message(TEXT), message('{"text": "и ещё"}')),
    ],
)
async def test_response_is_parsed_as_by_the_sdk(answer: dict[str, Any]) -> None:
    client = RecordingServer(answer).client()
    parsed = await client.responses.parse(model=MODEL, input="", text_format=GreetingAnswer)
    text = parse("responses", answer).text
    assert text is not None
    assert GreetingAnswer.model_validate_json(text) == parsed.output_parsed


@pytest.mark.parametrize(
    "answer",
    [
        response(),
        response(message(TEXT, content=[{"type": "refusal", "refusal": "Нет."}])),
        response(message("Думаю вслух…", phase="commentary")),
        response(message(TEXT, content=None)),
        completion(content=None),
        completion(content=""),
        completion(refusal="Нет.", content=None),
        completion(refusal="Нет.", content=TEXT),
    ],
)
def test_answer_without_text_is_none(answer: dict[str, Any]) -> None:
    assert parse("chat" if "choices" in answer else "responses", answer).text is None


def test_unknown_output_types_are_ignored() -> None:
    answer = response({"type": "of_next_year", "content": "?"}, {"content": 1}, message(TEXT))
    assert parse("responses", answer).text == TEXT


def test_token_counts_are_parsed() -> None:
    usage = {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 3}
    assert parse("responses", response(message(TEXT), usage=usage)) == RawAnswer(TEXT, MODEL, 7, 5, 3)
    usage = {"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens": 3}
    assert parse("chat", completion(content=TEXT) | {"usage": usage}) == RawAnswer(TEXT, MODEL, 7, 5, 3)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens_details": None}, {"prompt_tokens_details": {}}])
def test_missing_token_counts_are_none(usage: object) -> None:
    assert parse("chat", completion(content=TEXT) | {"usage": usage}) == RawAnswer(TEXT, MODEL)
    assert parse("responses", response(message(TEXT), usage=usage)) == RawAnswer(TEXT, MODEL)


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_cut_off_answer_raises_assistant_error(reason: str) -> None:
    with pytest.raises(AssistantError, match=f"cut off: {reason}"):
        parse("chat", completion(reason, content=TEXT[:9]))


@pytest.mark.parametrize("api", list(APIS))
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"error": {"message": "busy"}}', b'{"choices": []}']
)
def test_malformed_response_raises_validation_error(api: str, body: bytes) -> None:
    with pytest.raises(ValidationError):
        APIS[api].parse(body)
