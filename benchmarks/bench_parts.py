"""The parts of a run: what each measures, and what it is given."""

import importlib
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.figures import Figure

DatabaseKind = Literal["postgresql", "sqlite"]

# Each is the module of its name with an `async def measure(bench: Bench) -> Sequence[Figure]`.
PARTS: Mapping[str, str] = {
    "intake": "submissions against pgbench and a plain SQLModel app: rates, latency, processor time",
    "wakeups": "how soon the worker turns to a new lead, and answers who has fallen silent",
    "conversations": "people greeted and replies answered a second, and what each takes",
    "startup": "how long until the api answers and the worker is ready",
    "scale": "the product's own queries at 10 thousand and at a million leads or more",
    "memory": "what the api and the worker hold under a steady flow",
    "cost": "tokens and calls a turn, against classifying first and generating then",
}


class BenchError(Exception):
    """A part cannot be measured, or what it measured is worth nothing; the text says why."""


@dataclass(frozen=True)
class Bench:
    """What a part is given. `seconds`: of one measurement; a part has one of each kind in every round."""

    folder: Path
    rounds: int = 3
    seconds: float = 5
    soak_seconds: float = 60
    databases: Sequence[DatabaseKind] = ("postgresql", "sqlite")
    # As little as shows that everything runs: the figures mean nothing.
    smoke: bool = False
    # How many leads beside 10 thousand, and the file for the plans.
    leads: Sequence[int] = (1_000_000,)
    plans: Path | None = None
    _began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Tell of progress, on standard error: the table has standard output for itself."""
        print(f"{time.monotonic() - self._began:6.0f} s  {text}", file=sys.stderr, flush=True)


Part = Callable[[Bench], Awaitable[Sequence[Figure]]]


def load(name: str) -> Part:
    """A part's `measure`; what it imports is imported only now."""
    measure: Part = importlib.import_module(f"benchmarks.{name}").measure
    return measure
