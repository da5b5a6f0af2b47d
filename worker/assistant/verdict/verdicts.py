"""Turns the model's answer to a reply into a verdict that the worker may act on. Pure.

The model decides what words mean. Code keeps what must not depend on it: opt-out words, evidence after a
prompt injection, and, in careful mode, evidence for every decision and fixed texts.
"""

import re
from dataclasses import replace

from shared.intents import Intent
from worker.assistant.guardrails import output_guard
from worker.assistant.guardrails.checks import language
from worker.assistant.guardrails.evidence import intent_evidence, wish_evidence
from worker.assistant.output_schemas import ReplyAnswer
from worker.assistant.verdict.write_at import read_write_at
from worker.dialogue import templates
from worker.domain.assistant_port import Brief, Usage, Verdict, Wish

# An acceptance or a refusal with a lower confidence is treated as ambiguous.
MIN_CONFIDENCE = 0.6
MAX_FACTS = 5
MAX_FACT_LENGTH = 300
ASKS_FOR_HUMAN = "the assistant asked for a human"
WANTS_HUMAN = "asks for a human"
_NEW_REQUEST = re.compile(r"<new_request>.*?</new_request>", re.DOTALL)


def to_verdict(
    answer: ReplyAnswer, brief: Brief, usage: Usage, scripts: frozenset[str], refused: str | None
) -> Verdict:
    """Return the answer as a verdict, within its limits. `refused`: why the guardrails refused its text."""
    wish = answer.wish
    reason = " ".join(answer.reason.split())[:MAX_FACT_LENGTH]
    reason = reason or (WANTS_HUMAN if wish is Wish.HUMAN else ASKS_FOR_HUMAN)
    may_write = wish is Wish.WRITE_LATER and brief.local_time is not None
    return Verdict(
        answer.intent,
        output_guard.strip_markup(answer.text),
        language.resolve_language(answer.language, scripts),
        confidence=min(max(answer.confidence, 0.0), 1.0),
        facts=tuple(fact.strip()[:MAX_FACT_LENGTH] for fact in answer.facts[:MAX_FACTS] if fact.strip()),
        needs_human=reason if answer.needs_human or wish is Wish.HUMAN else None,
        do_not_contact=answer.do_not_contact,
        usage=usage,
        refused=refused,
        wish=wish,
        write_at=read_write_at(answer.write_at, brief.local_time) if may_write and brief.local_time else None,
    )


def apply_evidence(verdict: Verdict, text: str, brief: Brief, *, strict: bool) -> Verdict:
    """Return the verdict without what the contact's latest own words do not support.

    `strict` is True if the conversation contains a prompt injection, and in careful mode.
    """
    if strict and not intent_evidence.may_want_human(text):
        verdict = replace(verdict, needs_human=None)
    if strict and not wish_evidence.supports_wish(verdict.wish, text):
        verdict = replace(verdict, wish=Wish.NONE, write_at=None)
    is_supported = intent_evidence.supports_intent(verdict.intent, text, strict=strict)
    opt_out = verdict.do_not_contact and (not strict or intent_evidence.may_opt_out(text))
    if intent_evidence.is_explicit_opt_out(_NEW_REQUEST.sub("", text)):
        # Whatever the model reports, even an acceptance.
        fixed = templates.opted_out(verdict.language)
        return replace(verdict, intent=Intent.REJECT, do_not_contact=True, needs_human=None, text=fixed)
    verdict = replace(verdict, do_not_contact=opt_out)
    is_decision = verdict.intent in {Intent.ACCEPT, Intent.REJECT}
    is_unsure = is_decision and verdict.confidence < MIN_CONFIDENCE and not opt_out
    if not is_unsure and is_supported:
        return verdict
    intent = Intent.QUESTION if "?" in text and not is_unsure else Intent.AMBIGUOUS
    changed = replace(verdict, intent=intent)
    return replace(changed, text=template_text(changed, brief, text))


def is_fit_in_careful_mode(verdict: Verdict, text: str) -> bool:
    """Return True if the model's text may be sent in careful mode: it was asked for facts, and quotes one."""
    was_asked = verdict.intent is Intent.QUESTION or (verdict.intent is Intent.ACCEPT and "?" in text)
    return was_asked and bool(verdict.facts) and verdict.needs_human is None


def template_text(verdict: Verdict, brief: Brief, text: str = "") -> str:
    """Return the fixed text in place of the model's; `text` is what the contact wrote."""
    if verdict.needs_human is not None:
        return templates.handoff_notice(verdict.language)
    if text and not _NEW_REQUEST.sub("", text).strip():
        return templates.new_request_received(verdict.language)
    if brief.is_unconfirmed and verdict.intent is Intent.QUESTION:
        # The usual text offers a call: a "yes" to it would be taken for the confirmation.
        return templates.will_find_out(verdict.language)
    return templates.answer(verdict.intent, verdict.language)
