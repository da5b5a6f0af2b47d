"""Runs evaluation cases through an assistant, the way the worker calls it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from worker.domain.assistant_port import (
    Assistant,
    AssistantError,
    AssistantPausedError,
    AssistantUnavailableError,
    Greeting,
    Verdict,
)
from worker.evaluation.cases import AttackCase, CaseContext, ReplyCase, build_conversation, load_contexts

# The afternoon of a working day. It is fixed because the prompt contains it: cached answers stay valid.
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=ZoneInfo("Europe/Moscow"))
MAX_ATTEMPTS = 4
MAX_PAUSE_SECONDS = 30
DEFAULT_CONCURRENCY = 8

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class CaseResult:
    """A case and its result; `verdict` is None if the model returned nothing usable (`error` says why)."""

    case: ReplyCase | AttackCase
    verdict: Verdict | None
    greeting: Greeting | None = None
    error: str | None = None


async def run_cases(
    assistant: Assistant,
    cases: Sequence[ReplyCase | AttackCase],
    on_progress: Callable[[CaseResult, int], None],
    *,
    concurrency: int = DEFAULT_CONCURRENCY,
) -> Sequence[CaseResult]:
    """Run all cases, at most `concurrency` at a time, and return the results in their order.

    `on_progress` gets each result as it comes, and how many there are by then. Raises AssistantPausedError if
    all further calls would fail too: no money left, or the key is refused.
    """
    contexts = load_contexts()
    slots = asyncio.Semaphore(concurrency)
    done = 0

    async def run(case: ReplyCase | AttackCase) -> CaseResult:
        nonlocal done
        async with slots:
            result = await _run_case(assistant, case, contexts)
        done += 1
        on_progress(result, done)
        return result

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(case)) for case in cases]
    return [task.result() for task in tasks]


async def _run_case(
    assistant: Assistant, case: ReplyCase | AttackCase, contexts: Mapping[str, CaseContext]
) -> CaseResult:
    conversation = build_conversation(contexts[case.context], case)
    brief = conversation.brief(NOW)
    greeting = None
    try:
        # The greeting prompt contains the form too, so an attack in the form must not work there either.
        if isinstance(case, AttackCase) and case.where in {"name", "field"}:
            greeting = await with_retries(lambda: assistant.greeting(brief))
        verdict = await with_retries(lambda: assistant.reply(brief, conversation.turns()))
    except AssistantPausedError:
        raise
    except AssistantError as error:
        return CaseResult(case, None, greeting, str(error))
    return CaseResult(case, verdict, greeting)


async def with_retries(call: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Call up to 4 times, with a pause after each unusable answer. Raises the last AssistantError."""
    for attempt in range(1, MAX_ATTEMPTS):
        try:
            return await call()
        except AssistantPausedError:
            raise
        except AssistantError as error:
            wait = error.wait if isinstance(error, AssistantUnavailableError) else None
            pause = wait.total_seconds() if wait else 2.0**attempt / 4
            await asyncio.sleep(min(pause, MAX_PAUSE_SECONDS))
    return await call()
