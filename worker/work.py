"""What a step is given: a lead, and everything said in its conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.models import Lead, Message
from worker.ports import Brief, Peer, Turn

# What a form's machinery adds: no words of the person's.
_MACHINERY = (
    "utm",
    "tran",
    "formid",
    "formname",
    "tildaspec",
    "cookies",
    "referer",
    "ip",
    "checkbox",
    "token",
)
_LONGEST_FIELD = 1_000
_MOST_FIELDS = 20
_MOST_TURNS = 40


@dataclass(frozen=True)
class Work:
    """A leased lead with its transcript, oldest first."""

    lead: Lead
    messages: Sequence[Message]

    @property
    def id(self) -> int:
        """The lead's number."""
        if self.lead.id is None:
            raise ValueError("a lead without a number was never stored")
        return self.lead.id

    @property
    def peer(self) -> Peer:
        """The person, once found."""
        user_id, access_hash = self.lead.telegram_user_id, self.lead.access_hash
        if user_id is None or access_hash is None:
            raise ValueError(f"lead {self.id} is {self.lead.status} and its person is not known")
        return Peer(user_id, access_hash)

    @property
    def queued(self) -> Message | None:
        """What is to be sent next."""
        return next((message for message in self.messages if message.state == "queued"), None)

    @property
    def unanswered(self) -> Sequence[Message]:
        """What the person wrote and nobody has answered yet."""
        return [message for message in self.messages if message.state == "received"]

    @property
    def greetings(self) -> Sequence[Message]:
        """Every greeting so far, also those that could not be delivered."""
        return [message for message in self.messages if message.kind == "greeting"]

    def brief(self) -> Brief:
        """What the assistant may know of the lead."""
        words = {
            str(key): str(value)[:_LONGEST_FIELD]
            for key, value in self.lead.extra.items()
            if value not in (None, "", [], {}) and not str(key).lower().startswith(_MACHINERY)
        }
        return Brief(self.lead.name, dict(list(words.items())[:_MOST_FIELDS]))

    def conversation(self) -> Sequence[Turn]:
        """What was really said, oldest first, the latest turns only; a side's lines in a row are one turn."""
        turns: list[Turn] = []
        for message in self.messages:
            if message.direction == "out" and message.state != "sent":
                continue
            ours = message.direction == "out"
            if turns and turns[-1].ours == ours:
                turns[-1] = Turn(ours, f"{turns[-1].text}\n{message.text}")
            else:
                turns.append(Turn(ours, message.text))
        return turns[-_MOST_TURNS:]
