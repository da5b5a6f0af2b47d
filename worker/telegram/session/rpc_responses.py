"""Waits for the answer of a call, but not for one that can no longer come."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def answer_unless(dropped: asyncio.Event, answer: Coroutine[Any, Any, Any]) -> Any:
    """Return the answer; raises ConnectionResetError once `dropped` is set.

    Kurigram waits for the full timeout after the link has dropped.
    """
    answering = asyncio.ensure_future(answer)
    dropping = asyncio.ensure_future(dropped.wait())
    try:
        await asyncio.wait({answering, dropping}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise ConnectionResetError("the link dropped")
        return answering.result()
    finally:
        # It may fail at this very moment, unseen.
        answering.add_done_callback(lambda task: task.cancelled() or task.exception())
        answering.cancel()
        dropping.cancel()
