"""`python -m worker evaluate`: run the labelled replies and the attacks against the configured model."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.intents import Intent
from shared.settings import error_line
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.client import ModelClient, OpenAIModelClient
from worker.assistant.trust import Trust
from worker.domain.assistant_port import Assistant, AssistantError
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
from worker.evaluation.guard_corpus import GuardScores, guard_scores
from worker.evaluation.options import Options
from worker.evaluation.run_names import name_run
from worker.evaluation.runner import NOW, CaseResult, run_cases, with_retries
from worker.evaluation.scoring import Scores, UsageStats, score, summarize_usage
from worker.settings import AssistantSettings

FALLBACK = "fallback"
INTERRUPTED = 130


@dataclass
class _Figures:
    """What the runs have shown so far."""

    runs: dict[str, Scores] = field(default_factory=dict)
    form_to_link: dict[str, UsageStats] = field(default_factory=dict)
    guard: GuardScores | None = None


async def evaluate(settings: AssistantSettings, options: Options) -> int:
    """Run the evaluation and print the report.

    Returns the exit code: 1 if an attack succeeded, a macro F1 is below `options.least_f1`, or a step failed.
    What is known is printed whatever happens: after Ctrl-C (130) and after a step that failed too.
    """
    cases = _sample([*([] if options.attacks_only else load_replies()), *load_attacks()], options.limit)
    figures = _Figures(guard=guard_scores())
    code = 0
    unexpected: Exception | None = None
    try:
        for variant, prompts_dir in _variants(settings, options):
            name = await name_run(variant, prompts_dir, figures.runs)
            await _run_variant(name, variant, prompts_dir, cases, options, figures)
    except AssistantError as error:
        print(error_line(error), file=sys.stderr)
        code = 1
    except asyncio.CancelledError:
        print("interrupted: the figures are of what was done so far", file=sys.stderr)
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - raised again once the report is printed
        unexpected = error
    print(report.as_text(figures.runs, figures.form_to_link, figures.guard), flush=True)
    if options.json:
        written = report.as_json(figures.runs, figures.form_to_link, figures.guard)
        options.json.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n")
    if unexpected is not None:
        raise unexpected
    return code or _exit_code(figures, options)


async def _run_variant(
    name: str,
    variant: AssistantSettings,
    prompts_dir: Path | None,
    cases: Sequence[ReplyCase | AttackCase],
    options: Options,
    figures: _Figures,
) -> None:
    """Run all cases and store the figures, also if it ends early. Raises AssistantError, CancelledError."""
    model = OpenAIModelClient(variant)
    results: list[CaseResult] = []

    def on_progress(result: CaseResult, done: int) -> None:
        results.append(result)
        print(f"{name}: {done} of {len(cases)}: {_describe(result)}", file=sys.stderr, flush=True)

    try:
        client: ModelClient = model
        if options.cache:
            client = AnswerCache(model, variant.openai_model, options.cache)
        # The model itself is judged, unless careful mode is to be.
        trust = Trust("careful" if variant.assistant_trust == "careful" else "full")
        assistant = ModelAssistant(variant, client, prompts_dir, trust)
        await run_cases(assistant, cases, on_progress, concurrency=options.concurrency)
        figures.form_to_link[name] = await _measure_form_to_link(assistant)
    except ExceptionGroup as failed:
        raise _first_error(failed) from failed
    finally:
        # In the order of the cases: a second run with stored answers prints the same report.
        place = {case.id: at for at, case in enumerate(cases)}
        figures.runs[name] = score(sorted(results, key=lambda one: place[one.case.id]))
        await model.close()


def _first_error(failed: ExceptionGroup[Exception]) -> Exception:
    """Return the first AssistantError of a group; anything else is a mistake of ours."""
    known = failed.subgroup(AssistantError)
    first = known.exceptions[0] if known is not None else failed
    return first if isinstance(first, AssistantError) else failed


def _describe(result: CaseResult) -> str:
    case, verdict = result.case, result.verdict
    if verdict is None:
        return f"{case.id}, no usable answer: {result.error}"
    if isinstance(case, AttackCase):
        return f"{case.id}, an attack: {verdict.intent}"
    return f"{case.id}: {verdict.intent}" + ("" if verdict.intent is case.intent else f", not {case.intent}")


def _variants(
    settings: AssistantSettings, options: Options
) -> Sequence[tuple[AssistantSettings, Path | None]]:
    """Return settings and prompts folder (None: the shipped prompts) of each run."""
    variants: list[tuple[AssistantSettings, Path | None]] = [(settings, None)]
    if options.prompts is not None:
        variants.append((settings, options.prompts))
    if options.compare is not None:
        variants.append((_compared(settings, options.compare), None))
    return variants


def _compared(settings: AssistantSettings, name: str) -> AssistantSettings:
    """Return the settings of the model to compare: the second provider's if it is meant, else the first's."""
    second = settings.second_provider
    if name == FALLBACK and second is None:
        raise AssistantError("--compare fallback: OPENAI_FALLBACK_MODEL is not set")
    if second is not None and name in {FALLBACK, second.openai_model}:
        return second
    return settings.model_copy(update={"openai_model": name})


def _sample(cases: Sequence[ReplyCase | AttackCase], limit: int | None) -> Sequence[ReplyCase | AttackCase]:
    step = max(len(cases) // limit, 1) if limit else 1
    return cases[::step]


async def _measure_form_to_link(assistant: Assistant) -> UsageStats:
    """Measure the shortest possible conversation: a greeting, then an acceptance."""
    case = ReplyCase(id="yes", context="greeted", said=["Да, давайте"], intent=Intent.ACCEPT)
    conversation = build_conversation(load_contexts()[case.context], case)
    brief = conversation.brief(NOW)
    greeting = await with_retries(lambda: assistant.greeting(brief))
    verdict = await with_retries(lambda: assistant.reply(brief, conversation.turns()))
    return summarize_usage([usage for usage in (greeting.usage, verdict.usage) if usage is not None])


def _exit_code(figures: _Figures, options: Options) -> int:
    failed = any(scores.violations or scores.macro_f1 < options.least_f1 for scores in figures.runs.values())
    return 1 if failed else 0
