"""Lets other requests run during long work in this process's only thread."""

import asyncio
import time

# A form passes some ten turns of the event loop, and each may wait for one slice.
SLICE_SECONDS = 0.002


class Pacer:
    """Divides work into slices: call `pause` often, and after each await of something slow `resume`."""

    def __init__(self, slice_seconds: float = SLICE_SECONDS) -> None:
        self._slice_seconds = slice_seconds
        self._resumed = time.monotonic()

    async def pause(self) -> None:
        """Return at once within a slice; after it, sleep for as long as the work took."""
        worked = time.monotonic() - self._resumed
        if worked >= self._slice_seconds:
            await asyncio.sleep(worked)
            self.resume()

    def resume(self) -> None:
        """Begin a new slice: other requests have just had their turn."""
        self._resumed = time.monotonic()
