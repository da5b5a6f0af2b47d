"""A worker whose clock can be set while it runs, by libfaketime (apt-get install libfaketime)."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sandbox.demo.product_processes import environment
from tests.support.running_product import RunningProduct
from tests.support.waiting import patience_seconds, until


def library() -> Path | None:
    """Return libfaketime; None if it is not installed."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class ShiftedWorker:
    """Takes the place of the product's worker. Its monotonic clock stays right, as on a real machine."""

    def __init__(self, product: RunningProduct, ahead_seconds: int) -> None:
        self._offset = product.folder / "offset"
        self._log = product.folder / "shifted-worker.log"
        self.set_ahead(ahead_seconds)
        faked = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            # In seconds; at every look at the clock it would cost more than the worker itself.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "worker"],
                cwd=product.folder,
                env=environment(product.settings | faked),
                stdout=output,
                stderr=output,
            )

    @classmethod
    @contextmanager
    def running(cls, product: RunningProduct, ahead_seconds: int = 0) -> Iterator[Self]:
        """Run one until the block ends, and wait until it is ready."""
        worker = cls(product, ahead_seconds)
        try:
            until(lambda: worker.has_logged("ready as @"), "the worker is ready")
            yield worker
        finally:
            worker.process.terminate()
            worker.process.wait(patience_seconds())

    def set_ahead(self, seconds: int) -> None:
        """Set its clock ahead of the machine's; 0: right again."""
        # Replaced as a whole: the library reads the file again and again.
        new = self._offset.with_suffix(".new")
        new.write_text(f"+{seconds}\n")
        new.replace(self._offset)

    def has_logged(self, text: str) -> bool:
        """Return True if the text is in its log; AssertionError if it has ended."""
        assert self.process.poll() is None, self.text()
        return text in self.text()

    def text(self) -> str:
        """Everything that it has printed."""
        return self._log.read_text(errors="replace")
