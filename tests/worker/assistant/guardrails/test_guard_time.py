"""The whole check of an outgoing text is fast, whatever the model wrote and the contact said."""

from datetime import UTC, datetime
from functools import partial

import pytest

from tests.support.hostile_texts import hostile_texts, milliseconds
from worker.assistant import guard_contexts
from worker.assistant.guard_contexts import CompanyFacts
from worker.assistant.guardrails import output_guard
from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.output_guard import GuardContext
from worker.assistant.guardrails.text_normalization import detect_script, search_form, strip_invisible
from worker.assistant.prompts import prompt_files
from worker.domain.assistant_port import Brief, Turn
from worker.settings import EXAMPLE_PROFILE

MAX_MILLISECONDS = 20.0
COMPANY = CompanyFacts(
    f"GordovCode\n{EXAMPLE_PROFILE.read_text(encoding='utf-8')}",
    PromptFingerprint([prompt_files.read("reply"), prompt_files.read("greeting")]),
)
BRIEF = Brief("Анна", {"Задача": "Сайт для кофейни на 200 товаров"}, datetime(2026, 11, 24, 15, tzinfo=UTC))
TURNS = [
    Turn(from_us=True, text="Здравствуйте, Анна! Удобно ли вам коротко созвониться?"),
    Turn(from_us=False, text="Сколько стоит и когда? Можно в 7 вечера"),
]


@pytest.mark.parametrize("length", [output_guard.MAX_CHARACTERS, 4_096])
def test_the_check_of_an_outgoing_text_is_fast(length: int) -> None:
    context = guard_contexts.for_reply(COMPANY, BRIEF, TURNS)
    output_guard.find_problem("Да.", context)
    for text in hostile_texts():
        took = milliseconds(partial(_check, text[:length], context), MAX_MILLISECONDS / 2)
        assert took <= MAX_MILLISECONDS, f"{took:.0f} ms on {text[:30]!r}…"


def _check(text: str, context: GuardContext) -> None:
    # Every text is a new one.
    for cached in (search_form, strip_invisible, detect_script):
        cached.cache_clear()
    output_guard.find_problem(text, context)
