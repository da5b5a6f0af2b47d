"""The Assistant port over a model: prompts in, guarded texts out."""

import logging
from collections.abc import Sequence

from worker import templates
from worker.assistant import guard, prompts
from worker.assistant.answers import GreetingAnswer, ReplyAnswer
from worker.assistant.model import Model
from worker.ports import AssistantError, Brief, Greeting, Turn, Verdict
from worker.settings import WorkerSettings
from worker.work import new_request

log = logging.getLogger(__name__)

# The prompt speaks of this line: what stands before it was understood in its time.
NEW = "Новые сообщения:"


class ModelAssistant:
    """Implements worker.ports.Assistant."""

    def __init__(self, settings: WorkerSettings, model: Model) -> None:
        profile = settings.company_profile.read_text(encoding="utf-8")
        self._company = settings.company_name
        self._greeting = prompts.load("greeting", company=self._company, profile=profile)
        self._reply = prompts.load("reply", company=self._company, profile=profile)
        self._model = model

    async def greeting(self, brief: Brief) -> Greeting:
        """A first message; one that the guard refuses raises AssistantError, and another try is made."""
        answered = await self._model.ask(self._greeting, [_form(brief, self._company)], GreetingAnswer)
        text = guard.tidy(answered.value.text)
        if (why := guard.problem(text)) is not None:
            raise AssistantError(f"the model's greeting cannot be sent: {why}")
        return Greeting(text, answered.usage)

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """One verdict; where the guard refuses the model's text, the intent keeps its safe template."""
        *earlier, latest = conversation
        turns = [_form(brief, self._company), *earlier, Turn(ours=False, text=f"{NEW}\n{latest.text}")]
        answered = await self._model.ask(self._reply, turns, ReplyAnswer)
        answer = answered.value
        language, text = answer.language.lower()[:2], guard.tidy(answer.text)
        if (why := guard.problem(text)) is not None:
            log.warning("the model's text was replaced by a template: %s", why)
            text = templates.answer(answer.intent, language)
        return Verdict(
            answer.intent,
            text,
            language,
            confidence=min(max(answer.confidence, 0.0), 1.0),
            facts=tuple(answer.facts),
            needs_human=(answer.reason.strip() or "the assistant says so") if answer.needs_human else None,
            asks_not_to_be_contacted=answer.asks_not_to_be_contacted,
            usage=answered.usage,
            refused=why,
        )


def _form(brief: Brief, company: str) -> Turn:
    """What the form said, as the first thing the person said to us."""
    lines = [f"Имя: {brief.name or 'не указано'}", f"Компания: {company}"]
    lines += [f"{key}: {value}" for key, value in brief.request.items()]
    if brief.met_before:
        lines.append("Раньше: компания уже переписывалась с этим человеком")
    lines += [new_request(text) for text in brief.further]
    return Turn(ours=False, text="Заявка с сайта\n" + "\n".join(lines))
