"""Implements the Assistant port: builds prompts, calls the model, applies the guardrails."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from shared.intents import Intent
from worker.assistant import prompt_context, prompts
from worker.assistant.client import AnswerT, ModelAnswer, ModelClient
from worker.assistant.guardrails import intent_evidence, language, output_guard, prompt_injection
from worker.assistant.guardrails.dictated_text import extract_dictated
from worker.assistant.guardrails.grounding import GroundingSource
from worker.assistant.guardrails.output_guard import GuardContext
from worker.assistant.guardrails.prompt_leaks import PromptFingerprint
from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.assistant.retrieval import CompanyProfile
from worker.dialogue import persona, templates
from worker.domain.assistant_port import AssistantError, Brief, Greeting, Turn, Usage, Verdict
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

# An acceptance or a refusal with a lower confidence is treated as ambiguous.
MIN_CONFIDENCE = 0.6
MAX_FACTS = 5
MAX_FACT_LENGTH = 300


class ModelAssistant:
    """Implements worker.domain.assistant_port.Assistant.

    `prompts_dir` may hold replacements of the shipped prompts (greeting.md, reply.md).
    """

    def __init__(
        self, settings: AssistantSettings, model: ModelClient, prompts_dir: Path | None = None
    ) -> None:
        self._company = settings.company_name
        self._profile = CompanyProfile(settings.company_profile.read_text(encoding="utf-8"))
        self._prompts = {name: prompts.read(name, prompts_dir) for name in ("greeting", "reply")}
        self._persona = persona.load(settings.assistant_config)
        self._fingerprint = PromptFingerprint(self._prompts.values())
        self._model = model

    async def greeting(self, brief: Brief) -> Greeting:
        """Return a first message; it is a template if the guardrails refuse the model's text twice."""
        request = "\n".join(
            [*brief.request.values(), *brief.later_requests, brief.confirmation, brief.first_words]
        )
        instructions = self._build_instructions("greeting", request)
        context = self._guard_context(brief, [], request)

        def turns(refused: str | None) -> list[Turn]:
            return [prompt_context.render_greeting_request(brief, self._company, refused)]

        answer, refused = await self._ask_with_guard(instructions, turns, GreetingAnswer, context)
        text = output_guard.strip_markup(answer.value.text)
        if refused is not None and output_guard.find_problem(text, context) is not None:
            text = self._persona.render_greeting(brief, self._company)
        return Greeting(text, answer.usage, refused)

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """Return a verdict; its text is a template if the guardrails refuse the model's text twice."""
        *before, latest = conversation
        instructions = self._build_instructions("reply", f"{latest.text}\n{_last_contact_text(before)}")
        scripts = language.detect_allowed_scripts(latest.text, before)
        context = replace(self._guard_context(brief, conversation, latest.text), scripts=scripts)

        def turns(refused: str | None) -> list[Turn]:
            form = prompt_context.render_form(brief, self._company)
            return [
                form,
                *prompt_context.render_history(before),
                prompt_context.render_latest(brief, latest.text, refused),
            ]

        answer, refused = await self._ask_with_guard(instructions, turns, ReplyAnswer, context)
        proposed = _to_verdict(answer.value, answer.usage, scripts, refused)
        # Keep only facts that are really in the company profile: the owner relies on them.
        proposed = replace(
            proposed, facts=tuple(fact for fact in proposed.facts if self._profile.contains_quote(fact))
        )
        strict = prompt_injection.any_injection(_untrusted_texts(brief, conversation))
        verdict = _apply_evidence(proposed, latest.text, brief, strict=strict)
        is_allowed = refused is None or output_guard.find_problem(proposed.text, context) is None
        if verdict.text == proposed.text and is_allowed:
            return verdict
        return replace(verdict, text=_template_text(verdict, brief))

    async def transcribe(self, audio: bytes) -> str:
        """Return the transcript. The guardrails treat it like any other message of the contact."""
        return await self._model.transcribe(audio)

    async def _ask_with_guard(
        self,
        instructions: str,
        turns: Callable[[str | None], list[Turn]],
        schema: type[AnswerT],
        context: GuardContext,
    ) -> tuple[ModelAnswer[AnswerT], str | None]:
        """Return the model's answer, and why the guardrails refused its first text (None if they did not).

        After a refusal the model is asked once more, with the reason.
        """
        first = await self._model.ask(instructions, turns(None), schema)
        why = output_guard.find_problem(output_guard.strip_markup(_text_of(first.value)), context)
        if why is None:
            return first, None
        log.warning("the guardrails refused the model's text: %s", why)
        try:
            second = await self._model.ask(instructions, turns(why), schema)
        except AssistantError as error:
            log.warning("the model returned no second text: %s", error)
            return first, why
        return replace(second, usage=first.usage + second.usage), why

    def _build_instructions(self, name: str, question: str) -> str:
        """Return the prompt with the company profile, or with an excerpt for the question if it is large."""
        profile = self._profile.excerpt_for(question)
        return prompts.fill(
            self._prompts[name],
            company=self._company,
            profile=profile,
            persona_rules=self._persona.render_rules(),
        )

    def _guard_context(self, brief: Brief, conversation: Sequence[Turn], latest_text: str) -> GuardContext:
        contact_texts = _untrusted_texts(brief, conversation)
        source = GroundingSource(
            company=f"{self._company}\n{self._profile.text}\n{self._persona.render_rules()}",
            own_messages="\n".join(turn.text for turn in conversation if turn.from_us),
            contact_texts="\n".join(contact_texts),
            local_time=brief.local_time,
        )
        return GuardContext(source, self._fingerprint, latest_text, dictated=extract_dictated(contact_texts))


def _to_verdict(answer: ReplyAnswer, usage: Usage, scripts: frozenset[str], refused: str | None) -> Verdict:
    reason = " ".join(answer.reason.split())[:MAX_FACT_LENGTH] or "the assistant asked for a human"
    return Verdict(
        answer.intent,
        output_guard.strip_markup(answer.text),
        language.resolve_language(answer.language, scripts),
        confidence=min(max(answer.confidence, 0.0), 1.0),
        facts=tuple(fact.strip()[:MAX_FACT_LENGTH] for fact in answer.facts[:MAX_FACTS] if fact.strip()),
        needs_human=reason if answer.needs_human else None,
        asks_not_to_be_contacted=answer.asks_not_to_be_contacted,
        usage=usage,
        refused=refused,
    )


def _apply_evidence(verdict: Verdict, text: str, brief: Brief, *, strict: bool) -> Verdict:
    """Return the verdict without what the contact's latest text does not support.

    `strict` is True if the conversation contains a prompt injection.
    """
    if strict and not intent_evidence.may_want_human(text):
        verdict = replace(verdict, needs_human=None)
    opt_out = verdict.asks_not_to_be_contacted and (not strict or intent_evidence.may_opt_out(text))
    opt_out = opt_out or (verdict.intent is not Intent.ACCEPT and intent_evidence.is_explicit_opt_out(text))
    verdict = replace(verdict, asks_not_to_be_contacted=opt_out)
    is_decision = verdict.intent in {Intent.ACCEPT, Intent.REJECT}
    is_unsure = is_decision and verdict.confidence < MIN_CONFIDENCE and not opt_out
    if not is_unsure and intent_evidence.supports_intent(verdict.intent, text, strict=strict):
        return verdict
    intent = Intent.QUESTION if "?" in text and not is_unsure else Intent.AMBIGUOUS
    changed = replace(verdict, intent=intent)
    return replace(changed, text=_template_text(changed, brief))


def _template_text(verdict: Verdict, brief: Brief) -> str:
    if verdict.needs_human is not None:
        return templates.handoff_notice(verdict.language)
    if brief.is_unconfirmed and verdict.intent is Intent.QUESTION:
        # The usual text offers a call: a "yes" to it would be taken for the confirmation.
        return templates.will_find_out(verdict.language)
    return templates.answer(verdict.intent, verdict.language)


def _text_of(answer: object) -> str:
    return str(getattr(answer, "text", ""))


def _last_contact_text(turns: Sequence[Turn]) -> str:
    """Return the contact's previous turn: the latest question may refer to it."""
    return next((turn.text for turn in reversed(turns) if not turn.from_us), "")


def _untrusted_texts(brief: Brief, conversation: Sequence[Turn]) -> list[str]:
    """Return all texts that the contact wrote: the form fields and the messages."""
    messages = [turn.text for turn in conversation if not turn.from_us]
    form = [brief.name, *brief.request.keys(), *brief.request.values(), *brief.later_requests]
    return [*form, brief.confirmation, brief.first_words, *messages]
