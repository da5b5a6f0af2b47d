"""Runs one step of the simulation, and tells a loop without a pause from a wait that never ends."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.support.waiting import patience_seconds

# Simulated time stands still during a step. More calls of one method in a step are a loop without a pause. A
# step that takes longer in real time waits for something that never comes.
MAX_CALLS_A_STEP, STEP_SECONDS = 100, 60.0
# Calls of the connection, whose pauses take real time.
REAL_TIME = ("updates.", "help.", "Ping")


class HotLoopError(Exception):
    """A method is called again and again while no time passes."""


class StuckError(Exception):
    """A step does not end, and is not in a loop of calls."""


async def run_step(
    step: Coroutine[Any, Any, None], counts: "Counter[str]", describe: Callable[[], str]
) -> None:
    """Run a step; raises HotLoopError or StuckError.

    `counts`: the calls of each method so far. `describe`: tells where the step waits.
    """
    before, loop = counts.copy(), asyncio.get_running_loop()
    working, deadline = asyncio.create_task(step), loop.time() + patience_seconds(STEP_SECONDS)
    try:
        while not (await asyncio.wait({working}, timeout=0.5))[0]:
            for method, calls in (counts - before).items():
                if calls > MAX_CALLS_A_STEP and not method.startswith(REAL_TIME):
                    raise HotLoopError(f"{calls} calls of {method} while no time passed")
            if loop.time() > deadline:
                raise StuckError(f"a step does not end: {describe()}")
        working.result()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def place_of(task: "asyncio.Task[None]") -> str:
    """Return the file and line that a task waits in."""
    awaited: Any = task.get_coro()
    place = ""
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        place = f"{Path(frame.f_code.co_filename).stem}:{frame.f_lineno}"
        awaited = awaited.cr_await
    return place
