"""A person on a journey, and the count of what they got at Telegram's side."""

import itertools
from collections.abc import Sequence
from typing import Any

from tests.chaos.crashes.database_state import Ledger
from tests.chaos.crashes.phases import Phase
from tests.support.running_product import LINK, RunningProduct, until

_numbers = itertools.count(1)


class Prospect:
    """`mark` is in every request to the model that is about them, and in nobody else's."""

    def __init__(
        self, house: RunningProduct, ledger: Ledger, journey: Sequence[Phase], *, by_phone: bool = False
    ) -> None:
        self._house = house
        self.ledger = ledger
        self._by_phone = by_phone
        self.journey = journey
        self.mark = f"проект-{next(_numbers):04d}"
        self.person: dict[str, Any] = house.person(privacy={"import_only": by_phone})
        self.lead_id = 0

    def begin(self, phase: Phase) -> None:
        """Bring the phase about, and wait for nothing."""
        if phase.words is not None:
            self._house.say(self.person, phase.words)
            return
        contact = (
            {"Phone": f"+{self.person['phone']}"} if self._by_phone else {"Telegram": self.person["username"]}
        )
        self.lead_id = self._house.submit(Comments=self.mark, **contact)["id"]

    def end(self, phase: Phase) -> None:
        """Wait until the phase's message is delivered and recorded."""
        self._house.becomes(self.lead_id, phase.becomes)

    def rest(self, phase: Phase) -> Sequence[Phase]:
        """What follows `phase`."""
        return self.journey[self.journey.index(phase) + 1 :]

    def walk_to(self, phase: Phase) -> None:
        """Everything before `phase`."""
        for earlier in self.journey[: self.journey.index(phase)]:
            self.begin(earlier)
            self.end(earlier)

    def walk_on(self, phase: Phase) -> None:
        """The end of `phase`, which has begun, and everything after it."""
        self.end(phase)
        for later in self.rest(phase):
            self.begin(later)
            self.end(later)

    def chat(self) -> list[dict[str, Any]]:
        """What Telegram has."""
        return self._house.chat(self.person)

    def got(self, phase: Phase) -> bool:
        """Whether Telegram has the phase's message."""
        return len(self._house.received(self.person)) > self.journey.index(phase)

    def answers(self, phase: Phase) -> int:
        """How often the model has answered what this phase asks of it."""
        calls = self._house.control.get("/openai/calls").json()["calls"]
        return sum(
            self.mark in str(call["messages"])
            and call["answer"] is not None
            and (phase.words in call["messages"][-1]["text"] if phase.words else len(call["messages"]) == 1)
            for call in calls
        )

    def sends_of(self, phase: Phase) -> int:
        """How often the worker has asked Telegram to send the phase's message."""
        return self.sends().count(self.ledger.out(self.lead_id)[self.journey.index(phase)].random_id)

    def sends(self) -> list[int]:
        """The random_id of each sendMessage call to them, in order."""
        record = self._house.control.get("/telegram/calls", params={"method": "messages.SendMessage"}).json()
        return [
            int(call["args"]["random_id"]) for call in record["calls"] if call["person"] == self.person["id"]
        ]

    def check(self) -> None:
        """Each message exactly once and in order, the same in Telegram as in the database; nothing left."""
        until(lambda: not self._house.leftovers(), "nothing is left to do")
        out, chat = self.ledger.out(self.lead_id), self.chat()
        ours = [message for message in chat if message["from"] == "account"]
        assert [message["from"] for message in chat] == self._turns(), chat
        assert [LINK in message["text"] for message in ours] == [p.kind == "link" for p in self.journey]
        assert [(row.kind, row.state) for row in out] == [(p.kind, "sent") for p in self.journey]
        assert [(row.text, row.random_id, row.telegram_message_id) for row in out] == [
            (message["text"], message["random_id"], message["id"]) for message in ours
        ]
        assert list(dict.fromkeys(self.sends())) == [row.random_id for row in out]
        words = [phase.words for phase in self.journey if phase.words]
        assert self.ledger.heard(self.lead_id) == [(text, "handled") for text in words]
        ways = ["pending", "resolved", *(phase.becomes for phase in self.journey)]
        assert self.ledger.statuses(self.lead_id) == ways

    def _turns(self) -> list[str]:
        turns = ([*(["person"] if phase.words else []), "account"] for phase in self.journey)
        return list(itertools.chain.from_iterable(turns))
