"""Collects what the output guard must know about a conversation. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.assistant.guardrails.checks import language
from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.evidence.dictated_text import extract_dictated
from worker.assistant.guardrails.facts.grounding import GroundingSource
from worker.assistant.guardrails.output_guard import GuardContext
from worker.domain.assistant_port import Brief, Turn


@dataclass(frozen=True)
class CompanyFacts:
    """What is the same for all conversations: the company's facts, and the prompts that must not leak."""

    facts: str
    fingerprint: PromptFingerprint


def for_greeting(company: CompanyFacts, brief: Brief) -> GuardContext:
    """Return the context of a first message."""
    said = "\n".join(text for text in (brief.confirmation, brief.first_words) if text)
    scripts = language.detect_form_scripts(brief.name, brief.request.values(), said)
    request = "\n".join([*brief.request.values(), *brief.later_requests, said])
    return _build(company, brief, [], request, scripts)


def for_reply(company: CompanyFacts, brief: Brief, conversation: Sequence[Turn]) -> GuardContext:
    """Return the context of an answer to the last turn."""
    *before, latest = conversation
    scripts = language.detect_allowed_scripts(latest.text, before)
    return _build(company, brief, conversation, latest.text, scripts)


def for_follow_up(company: CompanyFacts, brief: Brief, conversation: Sequence[Turn]) -> GuardContext:
    """Return the context of a message to a person who has not answered the last turns."""
    latest = next((turn.text for turn in reversed(conversation) if not turn.from_us), "")
    if not latest:
        return replace(
            for_greeting(company, brief), own_texts=tuple(turn.text for turn in conversation if turn.from_us)
        )
    scripts = language.detect_allowed_scripts(latest, conversation)
    return _build(company, brief, conversation, latest, scripts)


def untrusted_texts(brief: Brief, conversation: Sequence[Turn]) -> list[str]:
    """Return all texts that the contact wrote: the form fields and the messages."""
    messages = [turn.text for turn in conversation if not turn.from_us]
    form = [brief.name, *brief.request.keys(), *brief.request.values(), *brief.later_requests]
    return [*form, brief.confirmation, brief.first_words, *messages]


def _build(
    company: CompanyFacts, brief: Brief, conversation: Sequence[Turn], latest: str, scripts: frozenset[str]
) -> GuardContext:
    contact_texts = untrusted_texts(brief, conversation)
    own = tuple(turn.text for turn in conversation if turn.from_us)
    source = GroundingSource(
        company=company.facts,
        own_messages="\n".join(own),
        contact_texts="\n".join(contact_texts),
        local_time=brief.local_time,
    )
    return GuardContext(
        source,
        company.fingerprint,
        latest,
        scripts,
        extract_dictated(contact_texts),
        contact_name=brief.name,
        own_texts=own,
        request="\n".join([*brief.request.keys(), *brief.request.values()]),
    )
