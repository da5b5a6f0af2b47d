"""Checks the stored rows after a load: all answered leads must be stored, and no more than were sent."""

import asyncio
from dataclasses import dataclass

from benchmarks.harness.bench import BenchError
from benchmarks.harness.database import run_sql
from benchmarks.workloads.load import Kind, Load

CHECK_SECONDS = 0.1
_QUERY = "SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM webhook_deliveries)"


@dataclass(frozen=True)
class Rows:
    """Numbers of rows."""

    leads: int
    deliveries: int


def count(url: str) -> Rows:
    """Return the numbers of rows in a database."""
    return Rows(*run_sql(url, _QUERY)[0])


async def wait_until_stored(url: str) -> Rows:
    """Wait until requests in progress at the end of the load are stored; returns the numbers of rows."""
    found = await asyncio.to_thread(count, url)
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        again = await asyncio.to_thread(count, url)
        if again == found:
            return found
        found = again


def check_stored(what: str, load: Load, kind: Kind, before: Rows, after: Rows, *, repeats: bool) -> None:
    """Raise BenchError if rows are missing or too many. `repeats`: True if repeats are stored only once.

    Requests that were sent but not answered when the load ended may or may not be stored.
    """
    if not load.answered:
        raise BenchError(f"{what}: nothing was answered")
    open_ended = load.sent - load.answered
    wanted = load.distinct if repeats else load.sent
    _within(f"{what}: leads", after.leads - before.leads, wanted, open_ended)
    if kind == "form":
        _within(f"{what}: deliveries", after.deliveries - before.deliveries, load.sent, open_ended)


def _within(what: str, stored: int, most: int, open_ended: int) -> None:
    if not most - open_ended <= stored <= most:
        raise BenchError(f"{what}: {stored} are stored, {most - open_ended} to {most} should be")
