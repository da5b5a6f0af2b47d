"""Counts the rows at the end: what was answered must be stored, and nothing more than was sent."""

import asyncio
from dataclasses import dataclass

from benchmarks.bench_parts import BenchError
from benchmarks.database import rows
from benchmarks.load import Kind, Load

QUIET_SECONDS = 0.1
_QUERY = "SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM webhook_deliveries)"


@dataclass(frozen=True)
class Rows:
    """How many there are."""

    leads: int
    deliveries: int


def count(url: str) -> Rows:
    """How many rows a database holds."""
    return Rows(*rows(url, _QUERY)[0])


async def settled(url: str) -> Rows:
    """The same, once what was still under way when the load ended is stored."""
    found = await asyncio.to_thread(count, url)
    while True:
        await asyncio.sleep(QUIET_SECONDS)
        again = await asyncio.to_thread(count, url)
        if again == found:
            return found
        found = again


def check(what: str, load: Load, kind: Kind, before: Rows, after: Rows, *, repeats: bool) -> None:
    """Raises BenchError if rows are lost or too many; `repeats`: whether those are stored once.

    What was sent and not answered when the load ended may be stored or not.
    """
    if not load.answered:
        raise BenchError(f"{what}: nothing was answered")
    open_ended = load.sent - load.answered
    wanted = load.fresh if repeats else load.sent
    _within(f"{what}: leads", after.leads - before.leads, wanted, open_ended)
    if kind == "form":
        _within(f"{what}: deliveries", after.deliveries - before.deliveries, load.sent, open_ended)


def _within(what: str, stored: int, most: int, open_ended: int) -> None:
    if not most - open_ended <= stored <= most:
        raise BenchError(f"{what}: {stored} are stored, {most - open_ended} to {most} should be")
