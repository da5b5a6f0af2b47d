"""The Assistant port over a model: prompts in, guarded texts out."""

import logging
from collections.abc import Sequence

from worker import templates
from worker.assistant import guard, prompts
from worker.assistant.answers import GreetingAnswer, ReplyAnswer
from worker.assistant.model import Model
from worker.ports import AssistantError, Brief, Turn, Verdict
from worker.settings import WorkerSettings

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

    async def greeting(self, brief: Brief) -> str:
        """A first message; one that the guard refuses raises AssistantError, and another try is made."""
        answer = await self._model.ask(self._greeting, [_form(brief, self._company)], GreetingAnswer)
        text = guard.tidy(answer.text)
        if (why := guard.problem(text)) is not None:
            raise AssistantError(f"the model's greeting cannot be sent: {why}")
        return text

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """One verdict; where the guard refuses the model's text, the intent keeps its safe template."""
        *earlier, latest = conversation
        turns = [_form(brief, self._company), *earlier, Turn(ours=False, text=f"{NEW}\n{latest.text}")]
        answer = await self._model.ask(self._reply, turns, ReplyAnswer)
        language, text = answer.language.lower()[:2], guard.tidy(answer.text)
        if (why := guard.problem(text)) is not None:
            log.warning("the model's text was replaced by a template: %s", why)
            text = templates.answer(answer.intent, language)
        return Verdict(answer.intent, text, language)


def _form(brief: Brief, company: str) -> Turn:
    """What the form said, as the first thing the person said to us."""
    lines = [f"Имя: {brief.name or 'не указано'}", f"Компания: {company}"]
    lines += [f"{key}: {value}" for key, value in brief.request.items()]
    return Turn(ours=False, text="Заявка с сайта\n" + "\n".join(lines))
