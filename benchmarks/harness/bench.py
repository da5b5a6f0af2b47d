"""The options that each part of a run receives."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DatabaseKind = Literal["postgresql", "sqlite"]


class BenchError(Exception):
    """A part cannot be measured, or its figures are invalid; the text says why."""


@dataclass(frozen=True)
class Bench:
    """The options of a part. `seconds`: length of one measurement; each round has one of each kind."""

    folder: Path
    rounds: int = 3
    seconds: float = 5
    soak_seconds: float = 60
    databases: Sequence[DatabaseKind] = ("postgresql", "sqlite")
    # True: the shortest run that executes everything; the figures mean nothing.
    smoke: bool = False
    # For `scale` and `console`: the numbers of leads besides 10 thousand, and the file for the plans.
    leads: Sequence[int] = (1_000_000,)
    plans: Path | None = None
    _began: float = field(default_factory=time.monotonic)

    def log(self, text: str) -> None:
        """Log progress to standard error; standard output is for the table."""
        print(f"{time.monotonic() - self._began:6.0f} s  {text}", file=sys.stderr, flush=True)
