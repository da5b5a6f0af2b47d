"""Lets other requests run during long work in this process's only thread."""

import asyncio
import time

from api.middleware.request_priority import FORMS

# A form passes some ten turns of the event loop, and each may wait for one slice.
SLICE_SECONDS = 0.002
# How long the work waits for forms before it goes on beside them.
MAX_WAIT_SECONDS = 0.05


class Pacer:
    """Divides work into slices: call `pause` often, and after each await of something slow `resume`.

    Use it in a `with` block: all such blocks of the process together take half of its time.
    """

    _running = 0

    def __init__(self, slice_seconds: float = SLICE_SECONDS) -> None:
        self._slice_seconds = slice_seconds
        self._resumed = time.monotonic()

    def __enter__(self) -> "Pacer":
        Pacer._running += 1
        return self

    def __exit__(self, *_exception: object) -> None:
        Pacer._running -= 1

    async def pause(self) -> None:
        """Return at once within a slice; after it, sleep in proportion to the work, and let forms pass."""
        worked = time.monotonic() - self._resumed
        if worked >= self._slice_seconds:
            await asyncio.sleep(worked * (2 * max(Pacer._running, 1) - 1))
            await self.let_forms_pass()

    async def let_forms_pass(self) -> None:
        """Return when no form is in progress, or after `MAX_WAIT_SECONDS`; a new slice begins."""
        await FORMS.pass_by(MAX_WAIT_SECONDS)
        self.resume()

    def resume(self) -> None:
        """Begin a new slice: other requests have just had their turn."""
        self._resumed = time.monotonic()
