"""Checks whether the contact's words support the wish that the model reports. Pure.

Asked only after a prompt injection and in careful mode: otherwise the model decides what words mean, in any
language.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from worker.assistant.guardrails.evidence.intent_evidence import may_want_human
from worker.assistant.guardrails.evidence.prompt_injection import combine_patterns, strip_injection
from worker.domain.assistant_port import Wish

_WORDS: Mapping[Wish, re.Pattern[str]] = MappingProxyType(
    {
        Wish.CALL_ME: combine_patterns(
            r"\b(?:по|пере)?звон\w*|\bнабер\w*|\bнабра\w*", r"\b(?:call|phone|ring)\b"
        ),
        Wish.BOOKING_TROUBLE: combine_patterns(
            r"\b(?:ссылк|календар|страниц|сайт|запис|врем|слот)\w*",
            r"\b(?:link|calendar|page|book|slot"
            r"|time)\w*",
        ),
        Wish.RESCHEDULE: combine_patterns(
            r"\bперен[ео]с\w*|\bперезапи\w*|\bсдвин\w*|\bотмен\w*|\bдруг\w+ (?:врем|день|дат)\w*"
            r"|\bне смогу\b",
            r"\b(?:re-?schedul|move|cancel|postpone)\w*|\banother (?:time|day)\b|\bcan'?t make\b",
        ),
        Wish.WRITE_LATER: combine_patterns(
            r"\b(?:напи|пиш|верн|спиш|напомн|свяж|постуч)\w*|\bпозже\b|\bпотом\b",
            r"\b(?:write|text|message|ping|remind|later|back|reach)\b",
        ),
        Wish.WRONG_PERSON: combine_patterns(
            r"\bошиб\w*|\bне (?:тот|та|туда|ко мне|я|оставл\w*|заполн\w*)\b",
            r"\bwrong\b|\bnot me\b"
            r"|\bmistake\w*",
        ),
    }
)


def supports_wish(wish: Wish, text: str) -> bool:
    """Return True if the text has words of the wish; sentences with an injection do not count."""
    if wish is Wish.NONE:
        return True
    if wish is Wish.HUMAN:
        return may_want_human(text)
    return _WORDS[wish].search(strip_injection(text)) is not None
