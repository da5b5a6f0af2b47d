"""One shape for every outage: leads and replies before it, during it, and the wait for its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.outages.flow import Count, Flow
from tests.support.running_product import RunningProduct

CONVERSATIONS = 3
# Leads that are under way when the outage begins.
UNDER_WAY = 3
SHORTEST_STEP = 0.4
STEPS = 60


def _nothing(_house: RunningProduct) -> None:
    return


@dataclass(frozen=True)
class Outage:
    """What goes wrong: `begin` it, `poke` it while it lasts (twice a second or less), `end` it."""

    name: str
    begin: Callable[[RunningProduct], None]
    end: Callable[[RunningProduct], None] = _nothing
    poke: Callable[[RunningProduct], None] = _nothing


@dataclass(frozen=True)
class Report:
    """How an outage went; times in seconds, `recovered` from its end until every lead is where it belongs.

    `attempts`: the most tries that one lead was charged with, looked at just before the end; None where
    the api could not say. `unhelpful`: refusals of the api other than a 503 with Retry-After.
    """

    name: str
    lasted: float
    recovered: float
    attempts: int | None
    unhelpful: list[str]
    count: Count

    @property
    def clean(self) -> bool:
        """Whether the outage was waited out."""
        return self.count.clean and not self.unhelpful


def go_through(house: RunningProduct, outage: Outage, seconds: float, *, rounds: int = 1) -> Report:
    """Let an outage happen for so many seconds under a flow of leads, wait for its end, and count.

    `rounds`: how often those who come meanwhile answer at most.
    """
    flow = Flow(house, rounds)
    flow.converse(CONVERSATIONS)
    for _ in range(UNDER_WAY):
        flow.bring()
    began = time.monotonic()
    outage.begin(house)
    while time.monotonic() - began < seconds:
        flow.bring()
        flow.speak()
        outage.poke(house)
        time.sleep(max(SHORTEST_STEP, seconds / STEPS))
    attempts = flow.attempts() if house.api.get("/readyz").is_success else None
    outage.end(house)
    ended = time.monotonic()
    flow.settle()
    recovered = time.monotonic() - ended
    return Report(outage.name, ended - began, recovered, attempts, flow.unhelpful, flow.count())
