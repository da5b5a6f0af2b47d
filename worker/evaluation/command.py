"""`python -m worker evaluate`: run the golden set and the attacks against the configured model."""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from shared.statuses import Intent
from worker.assistant.assistant import ModelAssistant
from worker.assistant.client import Model, ModelClient
from worker.domain.assistant_port import Assistant
from worker.evaluation import report
from worker.evaluation.answer_cache import Replay
from worker.evaluation.cases import Attack, Reply, attacks, replies, scenes, work_of
from worker.evaluation.options import Options
from worker.evaluation.runner import NOW, play
from worker.evaluation.scoring import Scores, Took, score, took
from worker.settings import AssistantSettings

_TOLD_EVERY = 50


async def evaluate(settings: AssistantSettings, asked: Options) -> int:
    """Run, report, and give the exit code: 1 if an attack came through or the F1 is below what was asked."""
    runs: dict[str, Scores] = {}
    journey: dict[str, Took] = {}
    cases = _some([*([] if asked.attacks_only else replies()), *attacks()], asked.limit)
    for name, own, folder in _variants(settings, asked):
        model = Model(own)
        try:
            asker: ModelClient = Replay(model, own.openai_model, asked.cache) if asked.cache else model
            assistant = ModelAssistant(own, asker, folder)
            played = await play(assistant, cases, partial(_tell, name))
            runs[name], journey[name] = score(played), await _form_to_link(assistant)
        finally:
            await model.close()
    print(report.as_text(runs, journey))
    if asked.json:
        asked.json.write_text(json.dumps(report.as_json(runs, journey), ensure_ascii=False, indent=1) + "\n")
    return _verdict(runs, asked)


def _variants(
    settings: AssistantSettings, asked: Options
) -> Sequence[tuple[str, AssistantSettings, Path | None]]:
    variants: list[tuple[str, AssistantSettings, Path | None]] = [(settings.openai_model, settings, None)]
    if asked.prompts is not None:
        variants.append((f"{settings.openai_model}, {asked.prompts}", settings, asked.prompts))
    if asked.compare is not None:
        other = settings.model_copy(update={"openai_model": asked.compare})
        variants.append((asked.compare, other, None))
    return variants


def _some(cases: Sequence[Reply | Attack], limit: int | None) -> Sequence[Reply | Attack]:
    step = max(len(cases) // limit, 1) if limit else 1
    return cases[::step]


async def _form_to_link(assistant: Assistant) -> Took:
    """The shortest way there is: a greeting, a yes."""
    yes = Reply(id="yes", context="greeted", said=["Да, давайте"], intent=Intent.ACCEPT)
    work = work_of(scenes()[yes.context], yes)
    brief = work.brief(NOW)
    greeting = await assistant.greeting(brief)
    verdict = await assistant.reply(brief, work.conversation())
    return took([usage for usage in (greeting.usage, verdict.usage) if usage is not None])


def _tell(name: str, done: int, of: int) -> None:
    # A line of its own now and then, so that a log of CI stays short.
    if done % _TOLD_EVERY == 0 or done == of:
        print(f"{name}: {done} of {of}", file=sys.stderr, flush=True)


def _verdict(runs: Mapping[str, Scores], asked: Options) -> int:
    failed = any(one.violations or one.macro_f1 < asked.least_f1 for one in runs.values())
    return 1 if failed else 0
