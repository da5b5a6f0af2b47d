"""Kills workers, and counts in Telegram which messages the people received."""

import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.soak.meetings import Meetings
from tests.chaos.soak.prospects import Script, random_script
from tests.support.running_product import LINK, RunningProduct
from tests.support.waiting import until

# Some workers are killed before they are ready; the others at a random moment after that.
EARLY_KILL_CHANCE = 0.2
MAX_RUN_SECONDS = 2.0
MAX_OPEN_LEADS = 40
LEADS_PER_KILL = 2
SETTLE_SECONDS = 180
DROP_CHANCE = 0.1


@dataclass
class Tally:
    """The final figures; the last four must be empty."""

    kills: int = 0
    leads: int = 0
    messages: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True if no message was lost, sent twice, out of order or stuck."""
        return not (self.lost or self.duplicated or self.disordered or self.stuck)

    def table(self, name: str) -> str:
        """Format the figures as one line under a heading."""
        head = ("database", "kills", "leads", "messages", "lost", "duplicated", "out of order", "stuck")
        row = (
            *(name, self.kills, self.leads, self.messages),
            *(len(found) for found in (self.lost, self.duplicated, self.disordered, self.stuck)),
        )
        return "  ".join(f"{column:>12}" for column in head) + "\n" + "  ".join(f"{cell:>12}" for cell in row)


class Soak:
    """One run on one product; the same seed gives the same people and pauses."""

    def __init__(self, product: RunningProduct, seed: int, report: Callable[[str], None]) -> None:
        self._product = product
        self._chance = random.Random(seed)
        self._report = report
        self._people: dict[int, tuple[Mapping[str, Any], Script]] = {}
        self._meetings = Meetings(product)
        self._tally = Tally()

    def run(self, kills: int) -> Tally:
        """Kill `kills` workers under a flow of leads, let the last worker finish, and count."""
        began = time.monotonic()
        self._meetings.connect()
        while self._tally.kills < kills:
            self._run_worker()
            if self._tally.kills % 25 == 0:
                open_leads = self._unfinished()
                self._report(
                    f"{time.monotonic() - began:6.0f} s  {self._tally.kills} kills, "
                    f"{len(self._people)} leads, {len(open_leads)} on their way"
                )
        self._settle()
        self._count()
        return self._tally

    def _run_worker(self) -> None:
        """Submit some leads, maybe drop the connection, then kill the worker and start the next one."""
        product = self._product
        if len(self._unfinished()) < MAX_OPEN_LEADS:
            for _ in range(self._chance.randint(0, 2 * LEADS_PER_KILL)):
                self._submit()
        if self._chance.random() < EARLY_KILL_CHANCE:
            time.sleep(self._chance.uniform(0, 1))
        else:
            product.worker.wait_for_log("ready as ")
            seconds = self._chance.uniform(0, MAX_RUN_SECONDS)
            time.sleep(seconds / 2)
            self._meetings.go_on(self._booking())
            if self._chance.random() < DROP_CHANCE:
                product.control.post("/telegram/drop")
            time.sleep(seconds / 2)
        assert product.worker.exit_code is None, f"the worker ended by itself:\n{product.worker.text()}"
        product.worker.stop(signal.SIGKILL)
        self._tally.kills += 1
        product.worker = product.start_worker()

    def _submit(self) -> None:
        plan = random_script(self._chance)
        person = self._product.add_person(
            username=None if plan.hidden else f"soak_{len(self._people)}_x",
            replies=list(plan.replies),
            delay=self._chance.uniform(0, 0.5),
            privacy={"phone_hidden": plan.hidden},
        )
        form = {"Phone": f"+{person['phone']}"} if plan.hidden else {"Telegram": person["username"]}
        lead = self._product.submit(**form, Comments=f"Заявка {len(self._people)}")
        self._people[lead["id"]] = (person, plan)

    def _booking(self) -> dict[int, Mapping[str, Any]]:
        """The people who book a meeting, by their leads."""
        return {lead: person for lead, (person, plan) in self._people.items() if plan.status == "booked"}

    def _unfinished(self) -> list[int]:
        """The leads that do not have their final status yet, or wait for a reminder."""
        statuses = self._product.statuses()
        return [
            lead
            for lead, (_, plan) in self._people.items()
            if statuses.get(lead) != plan.status or not self._meetings.has_ended(lead, plan.status)
        ]

    def _has_settled(self) -> bool:
        self._meetings.go_on(self._booking())
        return not self._unfinished()

    def _settle(self) -> None:
        try:
            until(self._has_settled, "every lead has its final status", SETTLE_SECONDS)
        except AssertionError:
            return
        # A message that is sent twice would be sent within this time.
        time.sleep(2)

    def _count(self) -> None:
        self._tally.leads = len(self._people)
        for lead_id, (person, plan) in self._people.items():
            lead = self._product.get_lead(lead_id)
            got = self._product.received(person)
            self._tally.messages += len(self._product.chat(person))
            label = (
                f"lead {lead_id}: {lead['status']}, wanted {plan.status}; got {len(got)} of {len(plan.kinds)}"
            )
            if len(got) < len(plan.kinds) or lead["status"] != plan.status:
                self._tally.lost.append(label)
            if len(got) > len(plan.kinds):
                self._tally.duplicated.append(f"{label}: {got}")
            elif [LINK in text for text in got] != [kind == "link" for kind in plan.kinds]:
                self._tally.disordered.append(f"{label}: {got}")
            kinds = [m["kind"] for m in lead["messages"] if m["direction"] == "out" and m["state"] == "sent"]
            if len(kinds) == len(plan.kinds) and tuple(kinds) != plan.kinds:
                self._tally.disordered.append(f"{label}: {kinds}")
        self._tally.stuck = self._product.unfinished_work()
