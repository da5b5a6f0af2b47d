"""Kills, and counts at Telegram's side what the people got."""

import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.soak.prospects import Script, script
from tests.support.running_product import LINK, RunningProduct, until

# Some lives end before the worker is up; the others at any moment of the seconds after that.
STILLBORN_CHANCE = 0.2
LONGEST_LIFE = 2.0
MOST_OPEN = 40
LEADS_A_KILL = 2
SETTLE_SECONDS = 180
DROP_CHANCE = 0.1


@dataclass
class Tally:
    """The closing figures; the last four must be 0."""

    kills: int = 0
    leads: int = 0
    messages: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost or self.duplicated or self.disordered or self.stuck)

    def table(self, name: str) -> str:
        """One line under a heading."""
        head = ("database", "kills", "leads", "messages", "lost", "duplicated", "out of order", "stuck")
        row = (
            *(name, self.kills, self.leads, self.messages),
            *(len(found) for found in (self.lost, self.duplicated, self.disordered, self.stuck)),
        )
        return "  ".join(f"{column:>12}" for column in head) + "\n" + "  ".join(f"{cell:>12}" for cell in row)


class Soak:
    """One run over one house; the same seed brings the same people and the same pauses."""

    def __init__(self, house: RunningProduct, seed: int, say: Callable[[str], None]) -> None:
        self._house = house
        self._chance = random.Random(seed)
        self._say = say
        self._people: dict[int, tuple[Mapping[str, Any], Script]] = {}
        self._tally = Tally()

    def run(self, kills: int) -> Tally:
        """Kill so many workers under a flow of leads, let the last one finish, and count."""
        began = time.monotonic()
        while self._tally.kills < kills:
            self._life()
            if self._tally.kills % 25 == 0:
                open_leads = self._unfinished()
                self._say(
                    f"{time.monotonic() - began:6.0f} s  {self._tally.kills} kills, "
                    f"{len(self._people)} leads, {len(open_leads)} on their way"
                )
        self._settle()
        self._count()
        return self._tally

    def _life(self) -> None:
        """A worker's life: some leads come in, the link may drop, then it is killed and another starts."""
        house = self._house
        if len(self._unfinished()) < MOST_OPEN:
            for _ in range(self._chance.randint(0, 2 * LEADS_A_KILL)):
                self._submit()
        if self._chance.random() < STILLBORN_CHANCE:
            time.sleep(self._chance.uniform(0, 1))
        else:
            house.worker.says("ready as ")
            life = self._chance.uniform(0, LONGEST_LIFE)
            time.sleep(life / 2)
            if self._chance.random() < DROP_CHANCE:
                house.control.post("/telegram/drop")
            time.sleep(life / 2)
        assert house.worker.exit_code is None, f"the worker ended by itself:\n{house.worker.text()}"
        house.worker.stop(signal.SIGKILL)
        self._tally.kills += 1
        house.worker = house.start_worker()

    def _submit(self) -> None:
        plan = script(self._chance)
        person = self._house.person(
            username=None if plan.hidden else f"soak_{len(self._people)}_x",
            replies=list(plan.replies),
            delay=self._chance.uniform(0, 0.5),
            privacy={"phone_hidden": plan.hidden},
        )
        form = {"Phone": f"+{person['phone']}"} if plan.hidden else {"Telegram": person["username"]}
        lead = self._house.submit(**form, Comments=f"Заявка {len(self._people)}")
        self._people[lead["id"]] = (person, plan)

    def _unfinished(self) -> list[int]:
        """The leads that are not yet where their people's answers lead."""
        statuses = self._house.statuses()
        return [lead for lead, (_, plan) in self._people.items() if statuses.get(lead) != plan.status]

    def _settle(self) -> None:
        try:
            until(lambda: not self._unfinished(), "every lead is where it belongs", SETTLE_SECONDS)
        except AssertionError:
            return
        # What is sent twice would be sent now.
        time.sleep(2)

    def _count(self) -> None:
        self._tally.leads = len(self._people)
        for lead_id, (person, plan) in self._people.items():
            lead = self._house.lead(lead_id)
            got = self._house.received(person)
            self._tally.messages += len(self._house.chat(person))
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
        self._tally.stuck = self._house.leftovers()
