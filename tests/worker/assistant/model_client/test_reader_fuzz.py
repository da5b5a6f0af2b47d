"""The reader of answers meets JSON in any wrapping and any damage: no other error, no invented yes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.intents import Intent
from worker.assistant.model_client.answer_reader import read_answer
from worker.assistant.model_client.api_responses import ErrorBodyError, parse_answer
from worker.assistant.model_client.wire_forms import Api
from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.domain.assistant_port import AssistantError

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
Writer = Callable[[dict[str, Any]], str]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.text(max_size=4), max_size=3),
)
ANSWERS = st.fixed_dictionaries(
    {"intent": st.sampled_from(["reject", "question", "ambiguous", " Reject ", "Intent.QUESTION"])},
    optional={
        "confidence": ODD | st.sampled_from(["95%", "0,9", 87, float("nan")]),
        "language": ODD,
        "do_not_contact": ODD,
        "needs_human": ODD,
        "reason": ODD,
        "wish": ODD | st.sampled_from(["call_me", "Write Later"]),
        "write_at": ODD | st.sampled_from(["2026-11-30T11:00", "30.11.2026"]),
        "facts": ODD,
        "text": ODD | st.just('Понял, извините. Он сказал "accept" {и} [всё].'),
        "extra": ODD,
    },
)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_python(value: dict[str, Any]) -> str:
    return repr(value)


def _with_comments(value: dict[str, Any]) -> str:
    return "{ // the verdict\n" + _json(value)[1:-1] + ",\n/* end */ }"


def _unquoted(value: dict[str, Any]) -> str:
    return (
        "{" + ", ".join(f"{key}: {json.dumps(part, ensure_ascii=False)}" for key, part in value.items()) + "}"
    )


WRITERS = st.sampled_from([_json, _as_python, _with_comments, _unquoted])
WRAPPINGS = st.sampled_from(
    [
        "@",
        "```json\n@\n```",
        "```\n@\n```\nГотово.",
        "Вот ответ: @",
        "<think>Может быть, accept? Нет.</think>@",
        "Я подумал {вслух}.</think>\n@",
        "<|channel|>final<|message|>@<|im_end|>",
        "\ufeff@",
        "[@]",
        '{"ReplyAnswer": @}',
        '{"arguments": @}',
        '{"content": [{"type": "output_text", "text": @}]}',
        '{"name": "reply", "parameters": @}',
        '{"note": "первый объект"}\n@',
        "@\n{}",
        "[TOOL_CALLS] @",
    ]
)


@QUICK
@given(ANSWERS, WRITERS, WRAPPINGS)
def test_a_wrapped_answer_is_read_or_refused(value: dict[str, Any], write: Writer, wrapping: str) -> None:
    text = wrapping.replace("@", write(value))
    answer = _read(text)
    assert answer is None or answer.intent is not Intent.ACCEPT
    if write is _json and "extra" not in value:
        assert answer is not None, text
        assert answer.intent.value in value["intent"].lower()


@QUICK
@given(ANSWERS, WRITERS, st.data())
def test_a_damaged_answer_is_read_or_refused(
    value: dict[str, Any], write: Writer, data: st.DataObject
) -> None:
    text = write(value)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    put = data.draw(st.text(alphabet='{}[]":,\\\n \u0000ё\ud800', max_size=6))
    for damaged in (text[:start], text[start:], text[:start] + put + text[end:], text * 2, text[:end] + text):
        answer = _read(damaged)
        assert answer is None or answer.intent is not Intent.ACCEPT


@QUICK
@given(
    st.recursive(
        ODD,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "output",
                        "message",
                        "content",
                        "text",
                        "usage",
                        "error",
                        "finish_reason",
                        "type",
                        "refusal",
                        "tool_calls",
                        "model",
                        "status",
                        "incomplete_details",
                        "output_text",
                        "phase",
                        "delta",
                        "response",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_any_response_is_parsed_or_refused(api: Api, body: object) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    for damaged in (content, content[:-1], b"\xff" + content, b"data: " + content, b"[" * 2_000 + content):
        try:
            answer = parse_answer(api, damaged)
        except (AssistantError, ErrorBodyError):
            continue
        _read(answer.text)


@QUICK
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    answer = _read(text)
    assert answer is None or answer.intent is not Intent.ACCEPT or "accept" in text.lower()
    try:
        read_answer(text, GreetingAnswer)
    except AssistantError:
        return


@pytest.mark.parametrize(
    "text",
    [
        '{"reason": "he did not accept", "text": "Хорошо"}',
        '{"intent": "accepted", "text": "Хорошо"}',
        '{"intent": "not accept", "text": "Хорошо"}',
        '{"intent": ["accept", "reject"], "text": "Хорошо"}',
        '{"intent": {"accept": true}, "text": "Хорошо"}',
        '{"intent": "accept|reject|question|ambiguous", "text": "…"}',
        '{"intent": "acc',
        "intent: accept",
        "accept",
        '<think>{"intent": "accept", "text": "Отлично"}</think> Не знаю.',
    ],
)
def test_a_yes_is_not_invented(text: str) -> None:
    answer = _read(text)
    assert answer is None or answer.intent is not Intent.ACCEPT


def test_deep_and_long_answers_end() -> None:
    for text in (
        "{" * 20_000,
        '{"a":' * 5_000,
        "[" * 50_000,
        '{"intent": "' + "\\" * 30_000,
        '"{' * 9_000,
        "{'" * 20_000,
    ):
        assert _read(text) is None
        _read(f'{text}{{"intent": "reject", "text": "Нет"}}')


def _read(text: str) -> ReplyAnswer | None:
    try:
        return read_answer(text, ReplyAnswer)
    except AssistantError:
        return None
