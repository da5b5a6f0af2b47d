"""The Assistant port over a model: prompts in, guarded texts and warranted verdicts out."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from shared.statuses import Intent
from worker.assistant import prompt_context, prompts
from worker.assistant.client import AnswerT, ModelAnswer, ModelClient
from worker.assistant.guardrails import intent_evidence, language, output_guard, prompt_injection
from worker.assistant.guardrails.dictated_text import dictated
from worker.assistant.guardrails.grounding import GroundingSource
from worker.assistant.guardrails.output_guard import Context
from worker.assistant.guardrails.prompt_leaks import PromptFingerprint
from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.assistant.retrieval import Knowledge
from worker.dialogue import persona, templates
from worker.domain.assistant_port import AssistantError, Brief, Greeting, Turn, Usage, Verdict
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

# Less sure of a yes or a no than this, one asks.
LEAST_CONFIDENCE = 0.6
MOST_FACTS = 5
LONGEST_FACT = 300


class ModelAssistant:
    """Implements worker.domain.assistant_port.Assistant; `prompts_dir` has other prompts than the shipped ones."""

    def __init__(
        self, settings: AssistantSettings, model: ModelClient, prompts_dir: Path | None = None
    ) -> None:
        self._company = settings.company_name
        self._knowledge = Knowledge(settings.company_profile.read_text(encoding="utf-8"))
        self._prompts = {name: prompts.read(name, prompts_dir) for name in ("greeting", "reply")}
        self._manner = persona.load(settings.assistant_config)
        self._secrets = PromptFingerprint(self._prompts.values())
        self._model = model

    async def greeting(self, brief: Brief) -> Greeting:
        """A first message; where the guard refuses the model's words twice, a template's."""
        request = "\n".join([*brief.request.values(), *brief.further])
        instructions = self._instructions("greeting", request)
        context = self._context(brief, [], request)

        def turns(refused: str | None) -> list[Turn]:
            return [prompt_context.to_greet(brief, self._company, refused)]

        answered, refused = await self._ask(instructions, turns, GreetingAnswer, context)
        text = output_guard.tidy(answered.value.text)
        if refused is not None and output_guard.problem(text, context) is not None:
            text = self._manner.plain_greeting(brief, self._company)
        return Greeting(text, answered.usage, refused)

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """One verdict; where the guard refuses the model's words twice, a template's."""
        *before, latest = conversation
        instructions = self._instructions("reply", f"{latest.text}\n{_last(before)}")
        scripts = language.scripts_for(latest.text, before)
        context = replace(self._context(brief, conversation, latest.text), scripts=scripts)

        def turns(refused: str | None) -> list[Turn]:
            form = prompt_context.form(brief, self._company)
            return [form, *prompt_context.earlier(before), prompt_context.latest(brief, latest.text, refused)]

        answered, refused = await self._ask(instructions, turns, ReplyAnswer, context)
        given = _read(answered.value, answered.usage, scripts, refused)
        # What the owner is told that an answer rests on is really there.
        given = replace(given, facts=tuple(fact for fact in given.facts if self._knowledge.has(fact)))
        strict = prompt_injection.any_given(_words_from_outside(brief, conversation))
        verdict = _sane(given, latest.text, strict=strict)
        is_good = refused is None or output_guard.problem(given.text, context) is None
        if verdict.text == given.text and is_good:
            return verdict
        return replace(verdict, text=_safe_text(verdict))

    async def transcribe(self, audio: bytes) -> str:
        """The words alone; they are guarded as any others."""
        return await self._model.transcribe(audio)

    async def _ask(
        self,
        instructions: str,
        turns: Callable[[str | None], list[Turn]],
        shape: type[AnswerT],
        context: Context,
    ) -> tuple[ModelAnswer[AnswerT], str | None]:
        """The model's answer, mended once if the guard refuses its text; and why it did."""
        first = await self._model.ask(instructions, turns(None), shape)
        why = output_guard.problem(output_guard.tidy(_text_of(first.value)), context)
        if why is None:
            return first, None
        log.warning("the model's text may not be sent: %s", why)
        try:
            second = await self._model.ask(instructions, turns(why), shape)
        except AssistantError as error:
            log.warning("and no other was to be had: %s", error)
            return first, why
        return replace(second, usage=_sum(first.usage, second.usage)), why

    def _instructions(self, name: str, question: str) -> str:
        """The prompt and the description; of a large one, what differs from question to question last."""
        profile = self._knowledge.excerpt(question)
        return prompts.fill(
            self._prompts[name], company=self._company, profile=profile, manner=self._manner.rules()
        )

    def _context(self, brief: Brief, conversation: Sequence[Turn], said: str) -> Context:
        theirs = _words_from_outside(brief, conversation)
        ground = GroundingSource(
            company=f"{self._company}\n{self._knowledge.text}\n{self._manner.rules()}",
            ours="\n".join(turn.text for turn in conversation if turn.ours),
            theirs="\n".join(theirs),
            local_time=brief.local_time,
        )
        return Context(ground, self._secrets, said, dictated=dictated(theirs))


def _read(answer: ReplyAnswer, usage: Usage, scripts: frozenset[str], refused: str | None) -> Verdict:
    reason = " ".join(answer.reason.split())[:LONGEST_FACT] or "the assistant says so"
    return Verdict(
        answer.intent,
        output_guard.tidy(answer.text),
        language.answer_language(answer.language, scripts),
        confidence=min(max(answer.confidence, 0.0), 1.0),
        facts=tuple(fact.strip()[:LONGEST_FACT] for fact in answer.facts[:MOST_FACTS] if fact.strip()),
        needs_human=reason if answer.needs_human else None,
        asks_not_to_be_contacted=answer.asks_not_to_be_contacted,
        usage=usage,
        refused=refused,
    )


def _sane(verdict: Verdict, said: str, *, strict: bool) -> Verdict:
    """What of a verdict may be acted on; `strict`: somebody has given the assistant orders."""
    if strict and not intent_evidence.may_want_human(said):
        verdict = replace(verdict, needs_human=None)
    quiet = verdict.asks_not_to_be_contacted and (not strict or intent_evidence.may_opt_out(said))
    quiet = quiet or (verdict.intent is not Intent.ACCEPT and intent_evidence.explicit_opt_out(said))
    verdict = replace(verdict, asks_not_to_be_contacted=quiet)
    decides = verdict.intent in {Intent.ACCEPT, Intent.REJECT}
    unsure = decides and verdict.confidence < LEAST_CONFIDENCE and not quiet
    if not unsure and intent_evidence.supports_intent(verdict.intent, said, strict=strict):
        return verdict
    intent = Intent.QUESTION if "?" in said and not unsure else Intent.AMBIGUOUS
    changed = replace(verdict, intent=intent)
    return replace(changed, text=_safe_text(changed))


def _safe_text(verdict: Verdict) -> str:
    if verdict.needs_human is not None:
        return templates.handover(verdict.language)
    return templates.answer(verdict.intent, verdict.language)


def _text_of(answer: object) -> str:
    return str(getattr(answer, "text", ""))


def _last(turns: Sequence[Turn]) -> str:
    """Their words before: a question may go on from them."""
    return next((turn.text for turn in reversed(turns) if not turn.ours), "")


def _words_from_outside(brief: Brief, conversation: Sequence[Turn]) -> list[str]:
    said = [turn.text for turn in conversation if not turn.ours]
    return [brief.name, *brief.request.keys(), *brief.request.values(), *brief.further, *said]


def _sum(one: Usage, other: Usage) -> Usage:
    def both(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else first + second

    def count(first: int | None, second: int | None) -> int | None:
        return None if first is None or second is None else first + second

    return Usage(
        other.model,
        one.calls + other.calls,
        count(one.tokens_in, other.tokens_in),
        count(one.tokens_cached, other.tokens_cached),
        count(one.tokens_out, other.tokens_out),
        both(one.cost_usd, other.cost_usd),
        one.latency_ms + other.latency_ms,
    )
