"""`python -m worker evaluate`: run the labelled replies and the attacks against the configured model."""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from shared.intents import Intent
from worker.assistant.assistant import ModelAssistant
from worker.assistant.client import ModelClient, OpenAIModelClient
from worker.domain.assistant_port import Assistant
from worker.evaluation import report
from worker.evaluation.answer_cache import AnswerCache
from worker.evaluation.cases import (
    AttackCase,
    ReplyCase,
    build_conversation,
    load_attacks,
    load_contexts,
    load_replies,
)
from worker.evaluation.options import Options
from worker.evaluation.runner import NOW, run_cases
from worker.evaluation.scoring import Scores, UsageStats, score, summarize_usage
from worker.settings import AssistantSettings

# One line per 50 cases: a log of a CI job stays short.
_PROGRESS_EVERY = 50


async def evaluate(settings: AssistantSettings, options: Options) -> int:
    """Run the evaluation and print the report.

    Returns the exit code: 1 if an attack succeeded or a macro F1 is below `options.least_f1`, else 0.
    Raises AssistantPausedError if the model cannot be called at all.
    """
    runs: dict[str, Scores] = {}
    form_to_link: dict[str, UsageStats] = {}
    cases = _sample([*([] if options.attacks_only else load_replies()), *load_attacks()], options.limit)
    for name, variant, prompts_dir in _variants(settings, options):
        model = OpenAIModelClient(variant)
        try:
            client: ModelClient = model
            if options.cache:
                client = AnswerCache(model, variant.openai_model, options.cache)
            assistant = ModelAssistant(variant, client, prompts_dir)
            results = await run_cases(assistant, cases, partial(_print_progress, name))
            runs[name], form_to_link[name] = score(results), await _measure_form_to_link(assistant)
        finally:
            await model.close()
    print(report.as_text(runs, form_to_link))
    if options.json:
        figures = report.as_json(runs, form_to_link)
        options.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return _exit_code(runs, options)


def _variants(
    settings: AssistantSettings, options: Options
) -> Sequence[tuple[str, AssistantSettings, Path | None]]:
    """Return name, settings and prompts folder (None: the shipped prompts) of each model to evaluate."""
    variants: list[tuple[str, AssistantSettings, Path | None]] = [(settings.openai_model, settings, None)]
    if options.prompts is not None:
        variants.append((f"{settings.openai_model}, {options.prompts}", settings, options.prompts))
    if options.compare is not None:
        other = settings.model_copy(update={"openai_model": options.compare})
        variants.append((options.compare, other, None))
    return variants


def _sample(cases: Sequence[ReplyCase | AttackCase], limit: int | None) -> Sequence[ReplyCase | AttackCase]:
    step = max(len(cases) // limit, 1) if limit else 1
    return cases[::step]


async def _measure_form_to_link(assistant: Assistant) -> UsageStats:
    """Measure the shortest possible conversation: a greeting, then an acceptance."""
    case = ReplyCase(id="yes", context="greeted", said=["Да, давайте"], intent=Intent.ACCEPT)
    conversation = build_conversation(load_contexts()[case.context], case)
    brief = conversation.brief(NOW)
    greeting = await assistant.greeting(brief)
    verdict = await assistant.reply(brief, conversation.turns())
    return summarize_usage([usage for usage in (greeting.usage, verdict.usage) if usage is not None])


def _print_progress(name: str, done: int, of: int) -> None:
    if done % _PROGRESS_EVERY == 0 or done == of:
        print(f"{name}: {done} of {of}", file=sys.stderr, flush=True)


def _exit_code(runs: Mapping[str, Scores], options: Options) -> int:
    failed = any(scores.violations or scores.macro_f1 < options.least_f1 for scores in runs.values())
    return 1 if failed else 0
