"""A flow of leads and replies during an outage, and the count of the messages that people received."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2

from tests.chaos.soak.prospects import ACCEPT, Script, random_conversation
from tests.support.running_product import RunningProduct
from tests.support.waiting import until

STORED = frozenset({200, 201})
# A message that is sent twice would be sent within this time.
DUPLICATE_WAIT_SECONDS = 0.5
MAX_ANSWER_DELAY = 0.5

_numbers = count(1)


@dataclass
class Participant:
    """A person and their script; `lead` is None until the api has stored their form."""

    person: Mapping[str, Any]
    plan: Script
    form: Mapping[str, str]
    lead: int | None = None


@dataclass(frozen=True)
class Count:
    """The result of a flow; `lost` and `twice` name the leads, `answers` counts the api's status codes."""

    leads: int
    messages: int
    lost: list[str]
    twice: list[str]
    stuck: list[str]
    answers: Mapping[int, int]

    @property
    def clean(self) -> bool:
        """True if every person received each expected message once."""
        return not (self.lost or self.twice or self.stuck)


class Flow:
    """The people of one outage: some are in conversation before it, others submit the form during it.

    `rounds`: how often those others answer at most.
    """

    def __init__(self, product: RunningProduct, rounds: int) -> None:
        self._product = product
        self._rounds = rounds
        self._run = next(_numbers)
        self._chance = random.Random(self._run)
        self._participants: list[Participant] = []
        self._silent: list[Participant] = []
        self.answers: Counter[int] = Counter()
        self.unhelpful: list[str] = []

    def converse(self, number: int) -> None:
        """Add `number` people who have been greeted; each answers at a later `answer_one`."""
        for _ in range(number):
            self._silent.append(self._invite(Script((), ("greeting", "link"), "scheduled")))
        self._submit_missing()
        for participant in self._silent:
            self._product.wait_for_status(participant.lead or 0, "contacted")

    def add_person(self) -> None:
        """A new person submits the form, and every refused submission is repeated."""
        plan = random_conversation(self._chance)
        while len(plan.replies) > self._rounds:
            plan = random_conversation(self._chance)
        self._invite(plan)
        self._submit_missing()

    def answer_one(self) -> None:
        """Let one of the people from `converse` answer."""
        if self._silent:
            participant = self._silent.pop()
            self._product.say(participant.person, self._chance.choice(ACCEPT))

    def settle(self) -> None:
        """Wait until every lead has its final status, or until the usual limit of a wait."""
        while self._silent:
            self.answer_one()
        with contextlib.suppress(AssertionError):
            until(self._all_settled, "every lead has its final status")

    def count(self) -> Count:
        """Count what every person received, by Telegram's own record."""
        with contextlib.suppress(AssertionError):
            until(lambda: not self._product.unfinished_work(), "nothing is left to do")
        time.sleep(DUPLICATE_WAIT_SECONDS)
        lost, twice, messages = [], [], 0
        for participant in self._participants:
            got = self._product.received(participant.person)
            lead = self._product.get_lead(participant.lead or 0)
            status, error = lead.get("status"), lead.get("last_error")
            label = f"lead {participant.lead}: {status} ({error}), {len(got)} messages for {participant.plan}"
            messages += len(self._product.chat(participant.person))
            if status != participant.plan.status or len(got) < len(participant.plan.kinds):
                lost.append(label)
            if len(got) > len(participant.plan.kinds):
                twice.append(f"{label}: {got}")
        return Count(
            len(self._participants), messages, lost, twice, self._product.unfinished_work(), self.answers
        )

    def attempts(self) -> int:
        """The highest number of failed attempts of any lead."""
        leads = [
            self._product.get_lead(participant.lead)
            for participant in self._participants
            if participant.lead is not None
        ]
        return max((lead["attempts"] for lead in leads), default=0)

    def _invite(self, plan: Script) -> Participant:
        number = next(_numbers)
        person = self._product.add_person(
            username=None if plan.hidden else f"outage_{number}_x",
            replies=list(plan.replies),
            delay=self._chance.uniform(0, MAX_ANSWER_DELAY),
            privacy={"phone_hidden": plan.hidden},
        )
        contact = {"Phone": f"+{person['phone']}"} if plan.hidden else {"Telegram": person["username"]}
        # A repeated submission has the same key.
        form = {"tranid": f"outage:{number}", "formid": "form1", "Name": "Анна", **contact}
        self._participants.append(Participant(person, plan, form))
        return self._participants[-1]

    def _submit_missing(self) -> None:
        for participant in self._participants:
            if participant.lead is None:
                self._submit(participant)

    def _submit(self, participant: Participant) -> None:
        answer = self._product.api.post("/leads/webhooks/tilda", data=dict(participant.form))
        self.answers[answer.status_code] += 1
        if answer.status_code in STORED:
            participant.lead = answer.json()["id"]
        elif not _is_helpful(answer):
            self.unhelpful.append(f"{answer.status_code} {answer.headers} {answer.text}")

    def _all_settled(self) -> bool:
        self._submit_missing()
        if any(participant.lead is None for participant in self._participants):
            return False
        statuses = self._product.statuses()
        return all(
            statuses.get(participant.lead or 0) == participant.plan.status
            for participant in self._participants
        )


def _is_helpful(answer: httpx2.Response) -> bool:
    """True if a refusal is a 503 with a Retry-After."""
    return answer.status_code == 503 and answer.headers.get("retry-after", "").isdecimal()
