"""A prospect on a journey, and the count of the messages they received in Telegram."""

import itertools
from collections.abc import Sequence
from typing import Any

from tests.chaos.crashes.database_state import DatabaseReader
from tests.chaos.crashes.phases import Phase
from tests.support.running_product import LINK, RunningProduct
from tests.support.waiting import until

_numbers = itertools.count(1)


class Prospect:
    """`marker` is a text that only the model requests about this prospect contain."""

    def __init__(
        self,
        product: RunningProduct,
        reader: DatabaseReader,
        journey: Sequence[Phase],
        *,
        by_phone: bool = False,
    ) -> None:
        self._product = product
        self.reader = reader
        self._by_phone = by_phone
        self.journey = journey
        self.marker = f"проект-{next(_numbers):04d}"
        self.person: dict[str, Any] = product.add_person(privacy={"import_only": by_phone})
        self.lead_id = 0

    def start(self, phase: Phase) -> None:
        """Start the phase, without waiting."""
        if phase.reply is not None:
            self._product.say(self.person, phase.reply)
            return
        contact = (
            {"Phone": f"+{self.person['phone']}"} if self._by_phone else {"Telegram": self.person["username"]}
        )
        self.lead_id = self._product.submit(Comments=self.marker, **contact)["id"]

    def wait_until_done(self, phase: Phase) -> None:
        """Wait until the phase's message is delivered and recorded."""
        self._product.wait_for_status(self.lead_id, phase.next_status)

    def phases_after(self, phase: Phase) -> Sequence[Phase]:
        """The phases after `phase`."""
        return self.journey[self.journey.index(phase) + 1 :]

    def run_until(self, phase: Phase) -> None:
        """Complete every phase before `phase`."""
        for earlier in self.journey[: self.journey.index(phase)]:
            self.start(earlier)
            self.wait_until_done(earlier)

    def run_rest(self, phase: Phase) -> None:
        """Complete `phase`, which has started, and every phase after it."""
        self.wait_until_done(phase)
        for later in self.phases_after(phase):
            self.start(later)
            self.wait_until_done(later)

    def chat(self) -> list[dict[str, Any]]:
        """The messages of the chat as Telegram has them."""
        return self._product.chat(self.person)

    def has_received(self, phase: Phase) -> bool:
        """Return True if Telegram has the phase's message."""
        return len(self._product.received(self.person)) > self.journey.index(phase)

    def count_answers(self, phase: Phase) -> int:
        """Count the answers of the model in this phase."""
        calls = self._product.control.get("/openai/calls").json()["calls"]
        return sum(
            self.marker in str(call["messages"])
            and call["answer"] is not None
            and (phase.reply in call["messages"][-1]["text"] if phase.reply else len(call["messages"]) == 1)
            for call in calls
        )

    def count_sends(self, phase: Phase) -> int:
        """Count the calls that send the phase's message."""
        return self.sends().count(self.reader.out(self.lead_id)[self.journey.index(phase)].random_id)

    def sends(self) -> list[int]:
        """The random_id of each sendMessage call to the prospect, in order."""
        record = self._product.control.get(
            "/telegram/calls", params={"method": "messages.SendMessage"}
        ).json()
        return [
            int(call["args"]["random_id"]) for call in record["calls"] if call["person"] == self.person["id"]
        ]

    def check_final_state(self) -> None:
        """Check that each message was sent once and in order, and that Telegram and the database agree."""
        until(lambda: not self._product.unfinished_work(), "nothing is left to do")
        out, chat = self.reader.out(self.lead_id), self.chat()
        sent = [message for message in chat if message["from"] == "account"]
        assert [message["from"] for message in chat] == self._expected_senders(), chat
        assert [LINK in message["text"] for message in sent] == [p.kind == "link" for p in self.journey]
        assert [(row.kind, row.state) for row in out] == [(p.kind, "sent") for p in self.journey]
        assert [(row.text, row.random_id, row.telegram_message_id) for row in out] == [
            (message["text"], message["random_id"], message["id"]) for message in sent
        ]
        assert list(dict.fromkeys(self.sends())) == [row.random_id for row in out]
        words = [phase.reply for phase in self.journey if phase.reply]
        assert self.reader.inbound(self.lead_id) == [(text, "handled") for text in words]
        ways = ["pending", "resolved", *(phase.next_status for phase in self.journey)]
        assert self.reader.statuses(self.lead_id) == ways

    def _expected_senders(self) -> list[str]:
        turns = ([*(["person"] if phase.reply else []), "account"] for phase in self.journey)
        return list(itertools.chain.from_iterable(turns))
