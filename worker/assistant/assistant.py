"""Implements the Assistant port: builds prompts, calls the model, applies the guardrails."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from shared.files import read_text
from worker.assistant import guard_contexts
from worker.assistant.guard_contexts import CompanyFacts
from worker.assistant.guardrails import output_guard
from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.evidence import prompt_injection
from worker.assistant.guardrails.output_guard import GuardContext
from worker.assistant.model_client.client import AnswerT, ModelAnswer, ModelClient
from worker.assistant.output_schemas import FollowUpAnswer, GreetingAnswer, ReplyAnswer
from worker.assistant.prompts import prompt_context, prompt_files
from worker.assistant.prompts.retrieval import CompanyProfile
from worker.assistant.trust import Trust
from worker.assistant.verdict import verdicts
from worker.dialogue import persona
from worker.domain.assistant_port import AssistantError, Brief, Greeting, Turn, Verdict
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)


class ModelAssistant:
    """Implements worker.domain.assistant_port.Assistant.

    `prompts_dir` may hold replacements of the shipped prompts (greeting.md, reply.md, follow_up.md).
    `trust` says which models may act without evidence; by default all do.
    """

    def __init__(
        self,
        settings: AssistantSettings,
        model: ModelClient,
        prompts_dir: Path | None = None,
        trust: Trust | None = None,
    ) -> None:
        self._company = settings.company_name
        self._profile = CompanyProfile(read_text(settings.company_profile))
        names = ("greeting", "reply", "follow_up")
        self._prompts = {name: prompt_files.read(name, prompts_dir) for name in names}
        self._persona = persona.load(settings.assistant_config)
        self._company_facts = CompanyFacts(
            f"{self._company}\n{self._profile.text}\n{self._persona.render_rules()}",
            PromptFingerprint(self._prompts.values()),
        )
        self._model = model
        self._trust = trust or Trust()

    async def greeting(self, brief: Brief) -> Greeting:
        """Return a first message; it is a template if the guardrails refuse the model's text twice.

        In careful mode it is always the template, and the model is not asked.
        """
        fixed = Greeting(self._persona.render_greeting(brief, self._company), is_fixed=True)
        if not self._trust.is_any_trusted:
            return fixed
        request = "\n".join(
            [*brief.request.values(), *brief.later_requests, brief.confirmation, brief.first_words]
        )
        instructions = self._build_instructions("greeting", request)
        context = guard_contexts.for_greeting(self._company_facts, brief)

        def turns(refused: str | None) -> list[Turn]:
            return [prompt_context.render_greeting_request(brief, self._company, refused)]

        answer, refused = await self._ask_with_guard(instructions, turns, GreetingAnswer, context)
        if not self._trust.is_trusted(answer.server):
            return replace(fixed, usage=answer.usage)
        text = output_guard.strip_markup(answer.value.text)
        if refused is not None and output_guard.find_problem(text, context) is not None:
            text = fixed.text
        return Greeting(text, answer.usage, refused)

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """Return a verdict; its text is a template if the guardrails refuse the model's text twice."""
        *before, latest = conversation
        instructions = self._build_instructions("reply", f"{latest.text}\n{_last_contact_text(before)}")
        context = guard_contexts.for_reply(self._company_facts, brief, conversation)

        def turns(refused: str | None) -> list[Turn]:
            form = prompt_context.render_form(brief, self._company)
            return [
                form,
                *prompt_context.render_history(before),
                prompt_context.render_latest(brief, latest.text, refused),
            ]

        answer, refused = await self._ask_with_guard(instructions, turns, ReplyAnswer, context)
        proposed = verdicts.to_verdict(answer.value, brief, answer.usage, context.scripts, refused)
        # Keep only facts that are really in the company profile: the owner relies on them.
        proposed = replace(
            proposed, facts=tuple(fact for fact in proposed.facts if self._profile.contains_quote(fact))
        )
        careful = not self._trust.is_trusted(answer.server)
        untrusted = guard_contexts.untrusted_texts(brief, conversation)
        strict = careful or prompt_injection.any_injection(untrusted)
        verdict = verdicts.apply_evidence(proposed, latest.expressed, brief, strict=strict)
        is_allowed = refused is None or output_guard.find_problem(proposed.text, context) is None
        if careful and not verdicts.is_fit_in_careful_mode(verdict, latest.expressed):
            is_allowed = False
        if verdict.text == proposed.text and is_allowed:
            return verdict
        return replace(verdict, text=verdicts.template_text(verdict, brief, latest.expressed))

    async def follow_up(
        self, brief: Brief, conversation: Sequence[Turn], fixed: str, *, is_last: bool
    ) -> Greeting:
        """Return the model's text, or `fixed` in careful mode and if the guardrails refuse it twice.

        Texts of the contact that try to command the model leave it no say either.
        """
        untrusted = guard_contexts.untrusted_texts(brief, conversation)
        if not self._trust.is_any_trusted or prompt_injection.any_injection(untrusted):
            return Greeting(fixed, is_fixed=True)
        instructions = self._build_instructions("follow_up", _last_contact_text(conversation))
        context = guard_contexts.for_follow_up(self._company_facts, brief, conversation)

        def turns(refused: str | None) -> list[Turn]:
            return prompt_context.render_silence(
                brief, self._company, conversation, is_last=is_last, refusal=refused
            )

        answer, refused = await self._ask_with_guard(instructions, turns, FollowUpAnswer, context)
        text = output_guard.strip_markup(answer.value.text)
        is_allowed = refused is None or output_guard.find_problem(text, context) is None
        if not is_allowed or not self._trust.is_trusted(answer.server):
            text = fixed
        return Greeting(text, answer.usage, refused)

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

        After a refusal the model is asked once more, with the reason; not in careful mode, where a fixed text
        takes its place.
        """
        first = await self._model.ask(instructions, turns(None), schema)
        why = output_guard.find_problem(output_guard.strip_markup(_text_of(first.value)), context)
        if why is None:
            return first, None
        log.warning("the guardrails refused the model's text: %s", why)
        if not self._trust.is_trusted(first.server):
            return first, why
        try:
            second = await self._model.ask(instructions, turns(why), schema)
        except AssistantError as error:
            log.warning("the model returned no second text: %s", error)
            return first, why
        return replace(second, usage=first.usage + second.usage), why

    def _build_instructions(self, name: str, question: str) -> str:
        """Return the prompt with the company profile, or with an excerpt for the question if it is large."""
        profile = self._profile.excerpt_for(question)
        return prompt_files.fill(
            self._prompts[name],
            company=self._company,
            profile=profile,
            persona_rules=self._persona.render_rules(),
        )


def _text_of(answer: object) -> str:
    return str(getattr(answer, "text", ""))


def _last_contact_text(turns: Sequence[Turn]) -> str:
    """Return the contact's previous turn: the latest question may refer to it."""
    return next((turn.text for turn in reversed(turns) if not turn.from_us), "")
