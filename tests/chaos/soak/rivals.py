"""Two workers on one session: the one that holds it is stopped at random, and the other takes over."""

import random
import signal
import time
from dataclasses import dataclass

from tests.support.running_product import RunningProduct

MAX_RUN_SECONDS = 6.0


@dataclass(frozen=True)
class Rivalry:
    """The result: the session had at most `most` connections at once, of `opened` in total."""

    seconds: float
    kills: int
    leads: int
    greeted_once: int
    opened: int
    most: int

    @property
    def clean(self) -> bool:
        """True if there was one connection at a time, and every lead was greeted once."""
        return self.most == 1 and self.greeted_once == self.leads

    def line(self) -> str:
        """Format the result in one line."""
        return (
            f"{self.seconds:.0f} s, {self.kills} kills, "
            f"{self.opened} connections, at most {self.most} at a time; "
            f"{self.leads} leads, {self.greeted_once} greeted exactly once"
        )


def rival(product: RunningProduct, seconds: float, seed: int) -> Rivalry:
    """For some seconds, let a second worker wait on the product's session and take over from the first."""
    chance, began, kills = random.Random(seed), time.monotonic(), 0
    people = []
    product.worker.wait_for_log("ready as ")
    while time.monotonic() - began < seconds:
        second = product.start_worker()
        second.wait_for_log("standing by")
        people.append(product.add_person())
        lead = product.submit(Telegram=people[-1]["username"])
        time.sleep(chance.uniform(0, MAX_RUN_SECONDS))
        product.worker.stop(chance.choice((signal.SIGKILL, signal.SIGTERM)))
        kills += 1
        second.wait_for_log("ready as ")
        product.worker = second
        product.wait_for_status(lead["id"], "contacted")
    took = time.monotonic() - began
    connections = product.control.get("/telegram/calls").json()["connections"].values()
    return Rivalry(
        took,
        kills,
        len(people),
        sum(len(product.received(person)) == 1 for person in people),
        sum(key["opened"] for key in connections),
        max(key["most"] for key in connections),
    )
