"""The parts of a run, and the options that each part receives."""

import importlib
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.figures import Figure

DatabaseKind = Literal["postgresql", "sqlite"]

# Each part is a module of this name with an `async def measure(bench: Bench) -> Sequence[Figure]`.
PARTS: Mapping[str, str] = {
    "intake": "submissions compared with pgbench and a plain SQLModel app: rate, latency, CPU time",
    "wakeups": "time until the worker claims a new lead, and until it answers after the debounce",
    "conversations": "leads greeted and replies answered per second, and the CPU time of each",
    "startup": "time until the API answers and the worker is ready",
    "scale": "the product's own queries with 10 thousand leads and with a million or more",
    "memory": "memory of the API and the worker under a steady load",
    "cost": "tokens and calls per turn, compared with classifying first and generating second",
}


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
    # For `scale`: the numbers of leads besides 10 thousand, and the file for the plans.
    leads: Sequence[int] = (1_000_000,)
    plans: Path | None = None
    _began: float = field(default_factory=time.monotonic)

    def log(self, text: str) -> None:
        """Log progress to standard error; standard output is for the table."""
        print(f"{time.monotonic() - self._began:6.0f} s  {text}", file=sys.stderr, flush=True)


Part = Callable[[Bench], Awaitable[Sequence[Figure]]]


def load(name: str) -> Part:
    """Import a part and return its `measure`."""
    measure: Part = importlib.import_module(f"benchmarks.{name}").measure
    return measure
