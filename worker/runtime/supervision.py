"""Keeps a background task of the worker running: an unexpected error ends one run of it, not the worker."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from shared.backoff import GrowingPause
from worker.dispatch.dispatcher import Dispatcher
from worker.domain.telegram_port import SessionRevokedError

log = logging.getLogger(__name__)

# The pause after a failure doubles from the first to the second.
BASE_SECONDS, MAX_SECONDS = 1.0, 60.0


async def keep_running(what: str, run: Callable[[], Awaitable[None]], *, base: float = BASE_SECONDS) -> None:
    """Await `run()`, and again after each unexpected error; returns when it returns.

    `what`: names the task in the log. Raises SessionRevokedError, which ends the worker.
    """
    pauses = GrowingPause(base=base, maximum=MAX_SECONDS)
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await run()
        except SessionRevokedError:
            raise
        except Exception:
            pause = pauses.failed(loop.time() - began)
            log.exception("%s failed: it starts again in %d s", what, pause)
            await asyncio.sleep(pause)
        else:
            return


async def run_until_one_ends(
    dispatcher: Dispatcher, background: Sequence[Coroutine[Any, Any, Any]], renewing: asyncio.Task[None]
) -> None:
    """Run the dispatcher and the background tasks until one ends; raises what a failed one raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in background]
    dispatching = asyncio.create_task(dispatcher.run())
    try:
        # The first to end may be a stop, a lost account lease, a dead connection or a bug.
        await asyncio.wait([*tasks, renewing, dispatching], return_when=asyncio.FIRST_COMPLETED)
    finally:
        dispatcher.stop()
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await dispatching
    for task in ended:
        task.result()
