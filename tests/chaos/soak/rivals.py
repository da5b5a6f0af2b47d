"""Two workers on one session: whoever holds it is killed now and then, and the other takes over."""

import random
import signal
import time
from dataclasses import dataclass

from tests.support.running_product import RunningProduct

LONGEST_LIFE = 6.0


@dataclass(frozen=True)
class Rivalry:
    """What the sandbox saw: `most` connections of the session at one moment, of `opened` in all."""

    seconds: float
    kills: int
    leads: int
    greeted_once: int
    opened: int
    most: int

    @property
    def clean(self) -> bool:
        """Whether there never were two at a time, and everybody was greeted once."""
        return self.most == 1 and self.greeted_once == self.leads

    def line(self) -> str:
        """All of it in a line."""
        return (
            f"{self.seconds:.0f} s, {self.kills} kills, "
            f"{self.opened} connections, at most {self.most} at a time; "
            f"{self.leads} leads, {self.greeted_once} greeted exactly once"
        )


def rival(house: RunningProduct, seconds: float, seed: int) -> Rivalry:
    """Let a second worker wait on the house's session, and the two succeed each other for `seconds`."""
    chance, began, kills = random.Random(seed), time.monotonic(), 0
    people = []
    house.worker.says("ready as ")
    while time.monotonic() - began < seconds:
        second = house.start_worker()
        second.says("standing by")
        people.append(house.person())
        lead = house.submit(Telegram=people[-1]["username"])
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        house.worker.stop(chance.choice((signal.SIGKILL, signal.SIGTERM)))
        kills += 1
        second.says("ready as ")
        house.worker = second
        house.becomes(lead["id"], "contacted")
    took = time.monotonic() - began
    connections = house.control.get("/telegram/calls").json()["connections"].values()
    return Rivalry(
        took,
        kills,
        len(people),
        sum(len(house.received(person)) == 1 for person in people),
        sum(key["opened"] for key in connections),
        max(key["most"] for key in connections),
    )
