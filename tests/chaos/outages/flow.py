"""A flow of leads and replies over an outage, and the count at Telegram's side of what people got."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2

from tests.chaos.soak.prospects import ACCEPT, Script, script
from tests.support.running_product import RunningProduct, until

STORED = frozenset({200, 201})
SETTLE_SECONDS = 60
# What would be said twice is said soon after.
AFTERWARDS_SECONDS = 0.5
SLOWEST_ANSWER = 0.5

_numbers = count(1)


@dataclass
class Guest:
    """A person with what they do; `lead` is there once the api has stored their form."""

    person: Mapping[str, Any]
    plan: Script
    form: Mapping[str, str]
    lead: int | None = None


@dataclass(frozen=True)
class Count:
    """What came of a flow; `lost` and `twice` name the leads, `answers` are the api's to submissions."""

    leads: int
    messages: int
    lost: list[str]
    twice: list[str]
    stuck: list[str]
    answers: Mapping[int, int]

    @property
    def clean(self) -> bool:
        """Whether everybody got what they should, once."""
        return not (self.lost or self.twice or self.stuck)


class Flow:
    """People of one outage: some are in conversation before it, others come while it lasts.

    `rounds`: how often those others answer at most.
    """

    def __init__(self, house: RunningProduct, rounds: int) -> None:
        self._house = house
        self._rounds = rounds
        self._run = next(_numbers)
        self._chance = random.Random(self._run)
        self._guests: list[Guest] = []
        self._silent: list[Guest] = []
        self.answers: Counter[int] = Counter()
        self.unhelpful: list[str] = []

    def converse(self, number: int) -> None:
        """People who were greeted and have not answered yet: `speak` lets them."""
        for _ in range(number):
            self._silent.append(self._invite(Script((), ("greeting", "link"), "scheduled")))
        self._knock()
        for guest in self._silent:
            self._house.becomes(guest.lead or 0, "contacted")

    def bring(self) -> None:
        """Somebody new submits the form, and so does again whoever was refused."""
        plan = script(self._chance)
        while len(plan.replies) > self._rounds:
            plan = script(self._chance)
        self._invite(plan)
        self._knock()

    def speak(self) -> None:
        """One of those who were greeted before answers."""
        if self._silent:
            guest = self._silent.pop()
            self._house.say(guest.person, self._chance.choice(ACCEPT))

    def settle(self) -> None:
        """Return when every lead is where it belongs, or after SETTLE_SECONDS."""
        while self._silent:
            self.speak()
        with contextlib.suppress(AssertionError):
            until(self._all_settled, "every lead is where it belongs", SETTLE_SECONDS)

    def count(self) -> Count:
        """What everybody got, by Telegram's own record."""
        with contextlib.suppress(AssertionError):
            until(lambda: not self._house.leftovers(), "nothing is left to do", 10)
        time.sleep(AFTERWARDS_SECONDS)
        lost, twice, messages = [], [], 0
        for guest in self._guests:
            got = self._house.received(guest.person)
            lead = self._house.lead(guest.lead or 0)
            status, error = lead.get("status"), lead.get("last_error")
            label = f"lead {guest.lead}: {status} ({error}), {len(got)} messages for {guest.plan}"
            messages += len(self._house.chat(guest.person))
            if status != guest.plan.status or len(got) < len(guest.plan.kinds):
                lost.append(label)
            if len(got) > len(guest.plan.kinds):
                twice.append(f"{label}: {got}")
        return Count(len(self._guests), messages, lost, twice, self._house.leftovers(), self.answers)

    def attempts(self) -> int:
        """The most failed tries that any lead has been charged with."""
        leads = [self._house.lead(guest.lead) for guest in self._guests if guest.lead is not None]
        return max((lead["attempts"] for lead in leads), default=0)

    def _invite(self, plan: Script) -> Guest:
        number = next(_numbers)
        person = self._house.person(
            username=None if plan.hidden else f"outage_{number}_x",
            replies=list(plan.replies),
            delay=self._chance.uniform(0, SLOWEST_ANSWER),
            privacy={"phone_hidden": plan.hidden},
        )
        contact = {"Phone": f"+{person['phone']}"} if plan.hidden else {"Telegram": person["username"]}
        # The same submission has the same key however often it is sent.
        form = {"tranid": f"outage:{number}", "formid": "form1", "Name": "Анна", **contact}
        self._guests.append(Guest(person, plan, form))
        return self._guests[-1]

    def _knock(self) -> None:
        for guest in self._guests:
            if guest.lead is None:
                self._submit(guest)

    def _submit(self, guest: Guest) -> None:
        answer = self._house.api.post("/leads/webhooks/tilda", data=dict(guest.form))
        self.answers[answer.status_code] += 1
        if answer.status_code in STORED:
            guest.lead = answer.json()["id"]
        elif not _helpful(answer):
            self.unhelpful.append(f"{answer.status_code} {answer.headers} {answer.text}")

    def _all_settled(self) -> bool:
        self._knock()
        if any(guest.lead is None for guest in self._guests):
            return False
        statuses = self._house.statuses()
        return all(statuses.get(guest.lead or 0) == guest.plan.status for guest in self._guests)


def _helpful(answer: httpx2.Response) -> bool:
    """Whether a refusal says that it will pass, and when to come back."""
    return answer.status_code == 503 and answer.headers.get("retry-after", "").isdecimal()
