"""What goes out is what the SDK's own typed calls send, and answers are read as it reads them."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import ResponseInputItemParam
from pydantic import BaseModel, ValidationError

from worker.assistant.api_formats import APIS, MOST_TOKENS, RawAnswer
from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.domain.assistant_port import AssistantError, Turn

MODEL, ORDERS = "gpt-4.1-mini", "Отвечайте коротко."
TURNS = [
    Turn(ours=False, text="Нужен сайт"),
    Turn(ours=True, text="Созвонимся?"),
    Turn(ours=False, text="да"),
]
TEXT = json.dumps({"text": "Здравствуйте!"}, ensure_ascii=False)


class Heard:
    """A server that keeps the body it gets, and answers with `answer`."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.body: Any = None
        self._answer = answer

    def client(self) -> AsyncOpenAI:
        """An SDK that speaks to it."""
        http_client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._hear))
        return AsyncOpenAI(api_key="key", base_url="http://model/v1", http_client=http_client)

    def _hear(self, request: httpx2.Request) -> httpx2.Response:
        self.body = json.loads(request.content)
        return httpx2.Response(200, json=dict(self._answer))


def response(*output: Mapping[str, Any], **more: object) -> dict[str, Any]:
    return {"id": "r", "object": "response", "model": MODEL, "output": list(output), **more}


def message(text: str, **more: object) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "m", "type": "message", "role": "assistant", "content": content, **more}


def completion(finish_reason: str = "stop", **said: object) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", **said}}
    return {"id": "c", "object": "chat.completion", "model": MODEL, "choices": [choice]}


def read(api: str, answer: Mapping[str, Any]) -> RawAnswer:
    return APIS[api].read(json.dumps(answer).encode())


@pytest.mark.parametrize("shape", [GreetingAnswer, ReplyAnswer])
async def test_responses_are_asked_for_as_the_sdk_does(shape: type[BaseModel]) -> None:
    heard = Heard(response())
    said: list[ResponseInputItemParam] = [
        {"role": "assistant" if turn.ours else "user", "content": turn.text} for turn in TURNS
    ]
    await heard.client().responses.parse(
        model=MODEL,
        instructions=ORDERS,
        input=said,
        text_format=shape,
        max_output_tokens=MOST_TOKENS,
        store=False,
    )
    assert APIS["responses"].body(MODEL, ORDERS, TURNS, shape) == heard.body


@pytest.mark.parametrize("shape", [GreetingAnswer, ReplyAnswer])
async def test_completions_are_asked_for_as_the_sdk_does(shape: type[BaseModel]) -> None:
    heard = Heard(completion(content=None))
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": ORDERS},
        {"role": "user", "content": TURNS[0].text},
        {"role": "assistant", "content": TURNS[1].text},
        {"role": "user", "content": TURNS[2].text},
    ]
    await heard.client().chat.completions.parse(
        model=MODEL, messages=messages, response_format=shape, max_completion_tokens=MOST_TOKENS
    )
    assert APIS["chat"].body(MODEL, ORDERS, TURNS, shape) == heard.body


@pytest.mark.parametrize(
    "answer",
    [
        response(message(TEXT)),
        response({"id": "t", "type": "reasoning", "summary": []}, message(TEXT)),
        response(message("Думаю вслух…", phase="commentary"), message(TEXT, phase="final_answer")),
        response(message(TEXT), message('{"text": "и ещё"}')),
    ],
)
async def test_a_response_is_read_as_the_sdk_reads_it(answer: dict[str, Any]) -> None:
    client = Heard(answer).client()
    parsed = await client.responses.parse(model=MODEL, input="", text_format=GreetingAnswer)
    said = read("responses", answer).text
    assert said is not None
    assert GreetingAnswer.model_validate_json(said) == parsed.output_parsed


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
def test_no_answer(answer: dict[str, Any]) -> None:
    assert read("chat" if "choices" in answer else "responses", answer).text is None


def test_kinds_of_output_that_nobody_knows_yet() -> None:
    answer = response({"type": "of_next_year", "content": "?"}, {"content": 1}, message(TEXT))
    assert read("responses", answer).text == TEXT


def test_what_it_took() -> None:
    used = {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 3}
    assert read("responses", response(message(TEXT), usage=used)) == RawAnswer(TEXT, MODEL, 7, 5, 3)
    used = {"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens": 3}
    assert read("chat", completion(content=TEXT) | {"usage": used}) == RawAnswer(TEXT, MODEL, 7, 5, 3)


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens_details": None}, {"prompt_tokens_details": {}}])
def test_a_server_that_does_not_count(usage: object) -> None:
    assert read("chat", completion(content=TEXT) | {"usage": usage}) == RawAnswer(TEXT, MODEL)
    assert read("responses", response(message(TEXT), usage=usage)) == RawAnswer(TEXT, MODEL)


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_half_an_answer(reason: str) -> None:
    with pytest.raises(AssistantError, match=f"cut off: {reason}"):
        read("chat", completion(reason, content=TEXT[:9]))


@pytest.mark.parametrize("api", list(APIS))
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"error": {"message": "busy"}}', b'{"choices": []}']
)
def test_no_answer_at_all(api: str, body: bytes) -> None:
    with pytest.raises(ValidationError):
        APIS[api].read(body)
