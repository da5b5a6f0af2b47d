"""Answers as models write them: the JSON is found wherever it stands, and what is missing has a default."""

import json
import math
import time
from typing import Any

import pytest

from shared.intents import Intent
from worker.assistant.model_client.answer_reader import IncompleteAnswerError, read_answer
from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.domain.assistant_port import AssistantError, Wish

FIELDS: dict[str, Any] = {
    "intent": "accept",
    "confidence": 0.9,
    "language": "ru",
    "do_not_contact": False,
    "needs_human": False,
    "reason": "",
    "wish": "none",
    "write_at": None,
    "facts": ["Мобильные приложения"],
    "text": "Отлично! Выберите «удобное» время {любое}:",
}
GOOD = ReplyAnswer(**FIELDS)
JSON = json.dumps(FIELDS, ensure_ascii=False)
OTHER = json.dumps(FIELDS | {"intent": "reject", "text": "черновик"}, ensure_ascii=False)


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f"```json\n{JSON}\n```",
        f"```\n{JSON}\n```\nГотово!",
        f"Вот ответ:\n\n{JSON}\n\nНадеюсь, это поможет.",
        f"<think>Он согласен. {OTHER}</think>\n{JSON}",
        f"Он согласен, {OTHER}</think>{JSON}",
        f"{JSON}<think>проверим</think>",
        f"<think>\nне закрыто... {JSON}",
        f"{JSON}<|im_end|>",
        f"<|im_start|>assistant\n{JSON}<|im_end|>\n<|endoftext|>",
        f"{JSON}</s>",
        f"[INST]{JSON}[/INST]",
        f"\ufeff{JSON}",
        f"\u200b \n{JSON}",
        json.dumps(JSON, ensure_ascii=False),
        f"[{JSON}]",
        json.dumps({"ReplyAnswer": FIELDS}),
        json.dumps({"answer": JSON}),
        json.dumps({"type": "object", "properties": FIELDS}),
        f"Черновик: {OTHER}\nИтог: {JSON}",
        f'{{"note": "не то"}}\n{JSON}',
        JSON[:-1],
        f"{JSON[:-1]},",
        f"{JSON[:-1]},}}",
        JSON.replace('"intent":', "'intent':"),
        JSON.replace("false", "False"),
        JSON.replace('"confidence"', "confidence"),
        JSON.replace("}:", "}:\n", 1),
        json.dumps({name.upper(): value for name, value in FIELDS.items()}),
        json.dumps(FIELDS | {"extra": 1, "thoughts": "…"}),
    ],
)
def test_the_json_is_found_wherever_it_stands(text: str) -> None:
    answer = read_answer(text, ReplyAnswer)
    assert (answer.intent, answer.text.replace("\n", "")) == (GOOD.intent, GOOD.text)


@pytest.mark.parametrize(
    "value",
    ["Accept", "ACCEPT", " accept ", "`accept`", "Intent.ACCEPT", "intent: accept", ["accept"], "accept."],
)
def test_the_intent_has_no_case(value: object) -> None:
    assert read_answer(json.dumps(FIELDS | {"intent": value}), ReplyAnswer).intent is Intent.ACCEPT


def test_missing_side_fields_have_defaults() -> None:
    answer = read_answer('{"intent": "question", "text": "Делаем."}', ReplyAnswer)
    assert answer == ReplyAnswer(
        intent=Intent.QUESTION,
        confidence=answer.confidence,
        language="ru",
        do_not_contact=False,
        needs_human=False,
        reason="",
        wish=Wish.NONE,
        write_at=None,
        facts=[],
        text="Делаем.",
    )
    assert 0.6 < answer.confidence < 1


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("reason", None, ""),
        ("reason", "null", ""),
        ("reason", ["жалоба"], "жалоба"),
        ("wish", None, Wish.NONE),
        ("wish", "callback", Wish.NONE),
        ("wish", ["CALL_ME"], Wish.CALL_ME),
        ("wish", "Wish.write-later", Wish.WRITE_LATER),
        ("wish", "wrong person", Wish.WRONG_PERSON),
        ("write_at", "null", None),
        ("write_at", 5, None),
        ("write_at", "2026-11-30T11:00", "2026-11-30T11:00"),
        ("facts", None, []),
        ("facts", "одна", ["одна"]),
        ("facts", [None, 1, " да "], ["да"]),
        ("language", None, "ru"),
        ("needs_human", None, False),
        ("needs_human", "true", True),
        ("needs_human", "False", False),
        ("needs_human", 1, True),
        ("needs_human", [], False),
        ("do_not_contact", "yes", True),
        ("confidence", "0.7", 0.7),
        ("confidence", "0,7", 0.7),
        ("confidence", "85%", 0.85),
        ("confidence", 85, 0.85),
        ("confidence", 7, 1.0),
        ("confidence", 1e30, 1.0),
        ("text", ["Отлично!", "Выберите время:"], "Отлично! Выберите время:"),
    ],
)
def test_side_fields_of_another_type(field: str, value: object, read: object) -> None:
    assert getattr(read_answer(json.dumps(FIELDS | {field: value}), ReplyAnswer), field) == read


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", "-5", '"high"', "null", "{}", "[]"]
)
def test_a_confidence_that_is_no_number_has_the_default(value: str) -> None:
    text = JSON.replace("0.9", value)
    assert math.isfinite(read_answer(text, ReplyAnswer).confidence)
    assert 0 <= read_answer(text, ReplyAnswer).confidence <= 1


@pytest.mark.parametrize("name", ["doNotContact", "DO_NOT_CONTACT", "do-not-contact", "Do not contact"])
def test_a_field_may_be_named_in_another_style(name: str) -> None:
    text = json.dumps({"Intent": "reject", name: True, "needsHuman": True, "text": "Хорошо."})
    answer = read_answer(text, ReplyAnswer)
    assert answer.do_not_contact
    assert answer.needs_human


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"intent": None}, "intent"),
        ({"intent": "perhaps"}, "intent"),
        ({"intent": 1}, "intent"),
    ],
)
def test_a_missing_intent_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(IncompleteAnswerError) as raised:
        read_answer(json.dumps(FIELDS | changes), ReplyAnswer)
    assert raised.value.field == field


@pytest.mark.parametrize("text", [None, " \n", {"ru": "да"}, "\x00\udc80"])
def test_a_missing_text_is_empty_for_the_guardrails(text: object) -> None:
    assert read_answer(json.dumps(FIELDS | {"text": text}), ReplyAnswer).text == ""


@pytest.mark.parametrize(
    "text",
    [
        "просто слова",
        "[]",
        "{}",
        "null",
        "1",
        "",
        "{" * 60_000,
        "<think>" * 9_000,
        '{"a":' * 12_000,
        '"' * 60_000,
    ],
    ids=lambda text: text[:8],
)
def test_what_has_no_answer_is_malformed_and_read_quickly(text: str) -> None:
    started = time.process_time()
    with pytest.raises(AssistantError, match="malformed or cut off"):
        read_answer(text, ReplyAnswer)
    assert time.process_time() - started < 1


def test_a_text_that_was_cut_off_is_not_repaired() -> None:
    cut = JSON[: JSON.index("удобное")]
    for is_cut in (True, False):
        with pytest.raises(AssistantError, match="malformed or cut off"):
            read_answer(cut, ReplyAnswer, is_cut=is_cut)
    # The limit may also end what a model writes after its answer.
    assert read_answer(f"{JSON}\n\nПояснение: челов", ReplyAnswer, is_cut=True) == GOOD


def test_what_a_database_refuses_is_removed() -> None:
    text = json.dumps({"text": "При\x00вет\udc80,\r\nАнна \ud83d\ude00"})
    assert read_answer(text, GreetingAnswer).text == "Привет,\nАнна \U0001f600"
