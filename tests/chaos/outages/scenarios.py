"""The same scenario for every outage: leads and replies before and during it, then the recovery."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.outages.flow import Count, Flow
from tests.support.running_product import RunningProduct

CONVERSATIONS = 3
# Leads that are in progress when the outage begins.
IN_PROGRESS = 3
MIN_STEP_SECONDS = 0.4
STEPS = 60


def _nothing(_product: RunningProduct) -> None:
    return


@dataclass(frozen=True)
class Outage:
    """An outage: `begin` it, `poke` it while it lasts (at most twice a second), `end` it."""

    name: str
    begin: Callable[[RunningProduct], None]
    end: Callable[[RunningProduct], None] = _nothing
    poke: Callable[[RunningProduct], None] = _nothing


@dataclass(frozen=True)
class Report:
    """The result; times in seconds, `recovered` from the end of the outage to the final status of every lead.

    `attempts`: the highest number of failed attempts of one lead just before the end; None if the api was
    not ready. `unhelpful`: refusals of the api other than a 503 with Retry-After.
    """

    name: str
    lasted: float
    recovered: float
    attempts: int | None
    unhelpful: list[str]
    count: Count

    @property
    def clean(self) -> bool:
        """True if the product survived the outage."""
        return self.count.clean and not self.unhelpful


def run_outage(product: RunningProduct, outage: Outage, seconds: float, *, rounds: int = 1) -> Report:
    """Run an outage for some seconds under a flow of leads, wait for the recovery, and count.

    `rounds`: how often the people who come during the outage answer at most.
    """
    flow = Flow(product, rounds)
    flow.converse(CONVERSATIONS)
    for _ in range(IN_PROGRESS):
        flow.add_person()
    began = time.monotonic()
    outage.begin(product)
    while time.monotonic() - began < seconds:
        flow.add_person()
        flow.answer_one()
        outage.poke(product)
        time.sleep(max(MIN_STEP_SECONDS, seconds / STEPS))
    attempts = flow.attempts() if product.api.get("/readyz").is_success else None
    outage.end(product)
    ended = time.monotonic()
    flow.settle()
    recovered = time.monotonic() - ended
    return Report(outage.name, ended - began, recovered, attempts, flow.unhelpful, flow.count())
