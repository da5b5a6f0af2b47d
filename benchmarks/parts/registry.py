"""The parts of a run, by name."""

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

from benchmarks.harness.bench import Bench
from benchmarks.reporting.figures import Figure

# Each is a module of this package with an `async def measure(bench: Bench) -> Sequence[Figure]`.
PARTS: Mapping[str, str] = {
    "intake": "submissions compared with pgbench and a plain SQLModel app: rate, latency, CPU time",
    "wakeups": "time until the worker claims a new lead, and until it answers after the debounce",
    "conversations": "leads greeted and replies answered per second, and the CPU time of each",
    "imports": "latency of forms while a file is imported, compared with forms alone",
    "startup": "time until the API answers and the worker is ready",
    "scale": "the product's own queries with 10 thousand leads and with a million or more",
    "console": "the console's pages with 10 thousand leads and with a million or more; the API's memory",
    "memory": "memory of the API and the worker under a steady load",
    "cost": "tokens and calls per turn, compared with classifying first and generating second",
}

Part = Callable[[Bench], Awaitable[Sequence[Figure]]]


def load(name: str) -> Part:
    """Import a part and return its `measure`."""
    measure: Part = importlib.import_module(f"benchmarks.parts.{name}").measure
    return measure
