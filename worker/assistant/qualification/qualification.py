"""Puts the turns of the qualification to a model and scores its answers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.localized_messages import sentence
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.client import OpenAIModelClient
from worker.assistant.qualification.turns import FALSE_YES, QualificationTurn, find_mistake, load_turns
from worker.assistant.trust import BAR
from worker.domain.assistant_port import AssistantError, AssistantUnavailableError
from worker.settings import EXAMPLE_PROFILE, AssistantSettings

# Each person who is taken to agree without having agreed costs as much as two further wrong turns.
FALSE_YES_COST = 0.1
# A local server answers one or two calls at a time.
CONCURRENCY = 2
# The turns are about the company of the shipped description.
_COMPANY = "GordovCode"


@dataclass(frozen=True)
class Qualification:
    """The score, 0 to 1, the number of turns, and what was wrong: a reason for each turn's id."""

    score: float
    asked: int
    wrong: Mapping[str, str]

    @property
    def figures(self) -> Mapping[str, object]:
        """What is stored beside the score."""
        return {"asked": self.asked, "wrong": dict(self.wrong)}

    @property
    def is_passed(self) -> bool:
        """True if the model may act without evidence."""
        return self.score >= BAR


async def qualify(
    settings: AssistantSettings,
    on_progress: Callable[[str], None] = lambda _: None,
    *,
    concurrency: int = CONCURRENCY,
    known: dict[str, str | None] | None = None,
) -> Qualification:
    """Put the turns to the first provider's model, with the shipped prompts and description.

    `on_progress` gets a line for each turn. `known` is filled with each turn's mistake (None: it is right);
    turns that are in it are not asked. Raises AssistantUnavailableError if the model cannot be reached.
    """
    sample = settings.model_copy(
        update={"company_name": _COMPANY, "company_profile": EXAMPLE_PROFILE, "assistant_config": None}
    )
    client = OpenAIModelClient(settings)
    try:
        assistant = ModelAssistant(sample, client)
        return await _put_turns(assistant, on_progress, concurrency, {} if known is None else known)
    finally:
        await client.close()


async def _put_turns(
    assistant: ModelAssistant,
    on_progress: Callable[[str], None],
    concurrency: int,
    known: dict[str, str | None],
) -> Qualification:
    turns = load_turns()
    left = [turn for turn in turns if turn.id not in known]
    slots = asyncio.Semaphore(concurrency)

    async def ask(turn: QualificationTurn) -> None:
        async with slots:
            known[turn.id] = mistake = await _ask(assistant, turn)
        on_progress(
            sentence(
                "{done} of {number}: {turn}, {verdict}",
                done=len(known),
                number=len(turns),
                turn=turn.id,
                verdict=mistake or "right",
            )
        )

    # The first turn alone: a server that needs minutes for its first answer is not asked twice meanwhile.
    for turn in left[:1]:
        await ask(turn)
    tasks = [asyncio.create_task(ask(turn)) for turn in left[1:]]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return judge(turns, [known[turn.id] for turn in turns])


def judge(turns: Sequence[QualificationTurn], mistakes: Sequence[str | None]) -> Qualification:
    """Return the score of the answers, with the mistake of each turn (None: it is right)."""
    wrong = {turn.id: mistake for turn, mistake in zip(turns, mistakes, strict=True) if mistake}
    false_yes = sum(mistake == FALSE_YES for mistake in wrong.values())
    score = 1 - len(wrong) / len(turns) - false_yes * FALSE_YES_COST
    return Qualification(round(max(score, 0.0), 3), len(turns), wrong)


async def _ask(assistant: ModelAssistant, turn: QualificationTurn) -> str | None:
    try:
        verdict = await assistant.reply(turn.brief, turn.conversation)
    except AssistantUnavailableError:
        raise
    except AssistantError as error:
        return sentence("no usable answer: {why}", why=error)
    return find_mistake(turn, verdict)
