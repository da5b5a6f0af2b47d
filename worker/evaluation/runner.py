"""Put every case to an assistant, as the worker would."""

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
from worker.evaluation.cases import Attack, Reply, Scene, scenes, work_of

# A working day's afternoon: the same for every run, so that kept answers stay good.
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=ZoneInfo("Europe/Moscow"))
MOST_TRIES = 4
LONGEST_PAUSE_SECONDS = 30
AT_ONCE = 8

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Played:
    """A case and what came of it; without a verdict, the model gave nothing usable."""

    case: Reply | Attack
    verdict: Verdict | None
    greeting: Greeting | None = None
    error: str | None = None


async def play(
    assistant: Assistant, cases: Sequence[Reply | Attack], tell: Callable[[int, int], None]
) -> Sequence[Played]:
    """Every case, some at once; `tell` hears how many are done, of how many.

    Raises AssistantPausedError where going on makes no sense: no money, no key.
    """
    known = scenes()
    gate = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(case: Reply | Attack) -> Played:
        nonlocal done
        async with gate:
            played = await _play(assistant, case, known)
        done += 1
        tell(done, len(cases))
        return played

    return await asyncio.gather(*(one(case) for case in cases))


async def _play(assistant: Assistant, case: Reply | Attack, known: Mapping[str, Scene]) -> Played:
    work = work_of(known[case.context], case)
    brief = work.brief(NOW)
    greeting = None
    try:
        # What stands in the form is read by who greets, too.
        if isinstance(case, Attack) and case.where in {"name", "field"}:
            greeting = await _patiently(lambda: assistant.greeting(brief))
        verdict = await _patiently(lambda: assistant.reply(brief, work.conversation()))
    except AssistantPausedError:
        raise
    except AssistantError as error:
        return Played(case, None, greeting, str(error))
    return Played(case, verdict, greeting)


async def _patiently(ask: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Ask again, a little later, when there was nothing usable; raises the last AssistantError."""
    for attempt in range(1, MOST_TRIES):
        try:
            return await ask()
        except AssistantPausedError:
            raise
        except AssistantError as error:
            wait = error.wait if isinstance(error, AssistantUnavailableError) else None
            pause = wait.total_seconds() if wait else 2.0**attempt / 4
            await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS))
    return await ask()
