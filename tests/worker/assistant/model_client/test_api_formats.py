"""Requests equal those of the SDK's typed calls, and responses are parsed with the same result."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import ResponseInputItemParam
from pydantic import BaseModel

from worker.assistant.model_client.api_formats import (
    MAX_OUTPUT_TOKENS,
    MAX_THINKING_TOKENS,
    build_body,
    output_limit,
)
from worker.assistant.model_client.api_responses import (
    ErrorBodyError,
    RawAnswer,
    parse_answer,
)
from worker.assistant.model_client.wire_forms import Api, WireForm
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


def parse(api: Api, answer: Mapping[str, Any]) -> RawAnswer:
    return parse_answer(api, json.dumps(answer).encode())


@pytest.mark.parametrize("shape", [GreetingAnswer, ReplyAnswer])
async def test_responses_request_equals_that_of_the_sdk(shape: type[BaseModel]) -> None:
    server = RecordingServer(response())
    messages: list[ResponseInputItemParam] = [
        {"type": "message", "role": "assistant" if turn.from_us else "user", "content": turn.text}
        for turn in TURNS
    ]
    await server.client().responses.parse(
        model=MODEL,
        instructions=INSTRUCTIONS,
        input=messages,
        text_format=shape,
        max_output_tokens=MAX_OUTPUT_TOKENS,
        store=False,
    )
    assert build_body(WireForm("responses"), MODEL, INSTRUCTIONS, TURNS, shape) == server.body


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
    assert build_body(WireForm("chat"), MODEL, INSTRUCTIONS, TURNS, shape) == server.body


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
    ("answer", "named"),
    [
        (response(), "empty"),
        (
            response(message(TEXT, content=[{"type": "refusal", "refusal": "Нет."}])),
            "refused to answer: Нет.",
        ),
        (response(message("Думаю вслух…", phase="commentary")), "empty"),
        (response(message(TEXT, content=None)), "empty"),
        (response({"type": "function_call", "name": "book", "arguments": "{}"}), "called a tool"),
        (response(message("  "), incomplete_details={"reason": "content_filter"}), "filter"),
        (response(incomplete_details={"reason": "max_output_tokens"}), "cut off before it began"),
        (completion(content=None), "empty"),
        (completion(content=""), "empty"),
        (completion(content=[]), "empty"),
        (completion(refusal="Нет.", content=None), "refused to answer: Нет."),
        (completion(refusal="Нет.", content=TEXT), "refused"),
        (completion("content_filter", content="Здра"), "filter"),
        (completion("blacklist", content="Не хочу об этом говорить"), "filter"),
        (completion("length", content=None, reasoning_content="Думаю…"), "cut off before it began"),
        (
            completion("tool_calls", content=None, tool_calls=[{"function": {"name": "book"}}]),
            "called a tool",
        ),
        (completion(content=None, function_call={"name": "book"}), "called a tool"),
    ],
)
def test_an_answer_without_text_is_named(answer: dict[str, Any], named: str) -> None:
    with pytest.raises(AssistantError, match=named):
        parse("chat" if "choices" in answer else "responses", answer)


def test_unknown_output_types_are_ignored() -> None:
    answer = response({"type": "of_next_year", "content": "?"}, {"content": 1}, message(TEXT))
    assert parse("responses", answer).text == TEXT


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        [{"type": "text", "text": TEXT}],
        [{"type": "thinking", "thinking": "…"}, {"type": "text", "text": TEXT[:5]}, {"text": TEXT[5:]}],
        [TEXT],
        {"type": "text", "text": TEXT},
    ],
)
def test_content_may_be_a_text_or_parts(content: object) -> None:
    assert parse("chat", completion(content=content)).text == TEXT


INTENT = '{"intent": "accept", "text": "Да"}'


@pytest.mark.parametrize(
    "answer",
    [
        completion("tool_calls", content=None, tool_calls=[{"function": {"name": "x", "arguments": INTENT}}]),
        completion(content="", tool_calls=[{"function": {"name": "x", "arguments": json.loads(INTENT)}}]),
        completion(content=None, function_call={"name": "ReplyAnswer", "arguments": INTENT}),
        completion(content=json.loads(INTENT)),
        completion(content=[json.loads(INTENT)]),
        response(
            message("", content=[{"type": "output_text", "text": part} for part in INTENT.partition(",")])
        ),
        response({"role": "assistant", "content": [{"type": "output_text", "text": INTENT}]}),
        response({"type": "message", "content": json.loads(INTENT)}),
        response({"type": "function_call", "name": "ReplyAnswer", "arguments": INTENT}),
        {"choices": [{"message": INTENT}]},
        {"choices": [{"delta": {"content": INTENT}}]},
        {"code": 0, "data": completion(content=INTENT)},
        {"result": response(message(INTENT))},
    ],
)
def test_an_answer_is_found_wherever_it_stands(answer: dict[str, Any]) -> None:
    api: Api = "chat" if "choices" in json.dumps(answer) else "responses"
    assert json.loads(parse(api, answer).text) == json.loads(INTENT)


def stream(*events: object) -> bytes:
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
    return "".join([": comment\n\n", *lines, "data: [DONE]\n\n"]).encode()


DELTAS = [{"model": MODEL, "choices": [{"delta": {"content": char}}]} for char in TEXT]
STREAMS = {
    "chat": [
        stream(*DELTAS, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": {}}),
        stream(completion(content=TEXT)),
    ],
    "responses": [
        stream(
            {"type": "response.created"}, {"type": "response.completed", "response": response(message(TEXT))}
        ),
        stream(*({"type": "response.output_text.delta", "delta": char} for char in TEXT)),
    ],
}


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_answer_in_events_is_joined(api: Api) -> None:
    assert [parse_answer(api, body).text for body in STREAMS[api]] == [TEXT] * 2


def test_deltas_may_be_parts_arguments_or_lines_of_their_own() -> None:
    # U+2028 and U+0085 are signs of the text: they end no event.
    said = '{"text": "Да.\u2028Нет.\x85"}'
    deltas: list[dict[str, Any]] = [
        {"content": said},
        {"content": [{"type": "thinking", "thinking": "…"}, {"type": "text", "text": said}]},
        {"tool_calls": [{"index": 0, "function": {"name": "x", "arguments": said}}]},
    ]
    bodies = [stream({"choices": [{"delta": delta}]}) for delta in deltas]
    halves = [{"choices": [{"delta": {"content": part}}]} for part in (said[:9], said[9:])]
    lines = "\n".join(json.dumps(half, ensure_ascii=False) for half in halves)
    comment = f": PROCESSING\n\n{json.dumps(completion(content=said))}"
    bodies += [lines.encode(), comment.encode()]
    assert [parse_answer("chat", body).text for body in bodies] == [said] * 5


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"upstream connect error or disconnect/reset before headers", "upstream connect error"),
        (stream({"error": {"message": "Insufficient credits", "code": 402}}), "Insufficient credits"),
        (stream(DELTAS[0], {"error": {"message": "Overloaded"}}), "Overloaded"),
    ],
)
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_error_as_text_or_event_is_an_error(api: Api, body: bytes, said: str) -> None:
    with pytest.raises(ErrorBodyError, match=said):
        parse_answer(api, body)


def test_an_answer_that_vllm_took_for_a_thought_is_read() -> None:
    assert parse("chat", completion(content=None, reasoning_content=TEXT)).text == TEXT


def test_token_counts_are_parsed() -> None:
    usage = {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 3}
    assert parse("responses", response(message(TEXT), usage=usage)) == RawAnswer(TEXT, MODEL, 7, 5, 3)
    usage = {"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens": 3}
    assert parse("chat", {**completion(content=TEXT), "usage": usage}) == RawAnswer(TEXT, MODEL, 7, 5, 3)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, (None, None, None)),
        ({}, (None, None, None)),
        ("none", (None, None, None)),
        ({"prompt_tokens": 7.0, "completion_tokens": "3"}, (7, None, 3)),
        ({"prompt_tokens": 2**40, "completion_tokens": -1}, (None, None, None)),
        ({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, (None, None, None)),
        ({"prompt_tokens": 7, "prompt_cache_hit_tokens": 2, "completion_tokens": 3}, (7, 2, 3)),
        ({"prompt_tokens": 7, "prompt_tokens_details": None, "completion_tokens": True}, (7, None, None)),
    ],
)
def test_unusable_token_counts_are_unknown(usage: object, counts: tuple[int | None, ...]) -> None:
    read = parse("chat", {**completion(content=TEXT), "usage": usage, "model": None})
    assert (read.text, read.model) == (TEXT, "")
    assert (read.tokens_in, read.tokens_cached, read.tokens_out) == counts


def test_a_byte_order_mark_before_the_response_is_ignored() -> None:
    body = b"\xef\xbb\xbf \n" + json.dumps(completion(content=TEXT)).encode()
    assert parse_answer("chat", body).text == TEXT


def test_models_that_think_have_a_larger_limit() -> None:
    assert output_limit("gpt-4.1-mini") == output_limit("deepseek-chat") == MAX_OUTPUT_TOKENS
    assert {output_limit(name) for name in ("o3-mini", "gpt-5-mini", "deepseek/deepseek-r1")} == {
        MAX_THINKING_TOKENS
    }
