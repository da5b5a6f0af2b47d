"""What a step is given: a lead, and everything said in its conversation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.log import mask_phones
from shared.models import Lead, Message
from shared.request import spoken
from shared.status import LeadStatus
from worker.local_time import local_time
from worker.ports import Brief, Peer, Turn

_LONGEST_FIELD = 1_000
_MOST_TURNS = 40


@dataclass(frozen=True)
class Work:
    """A leased lead with its transcript, oldest first."""

    lead: Lead
    messages: Sequence[Message]
    met_before: bool = False

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
    def next_call(self) -> str:
        """What is asked of the outside world next: calls of one kind fail together."""
        if self.queued is not None:
            return "send"
        if self.lead.status is not LeadStatus.PENDING:
            return "greeting" if self.lead.status is LeadStatus.RESOLVED else "reply"
        return "username" if self.lead.username and not self.lead.username_error else "phone"

    @property
    def unanswered(self) -> Sequence[Message]:
        """What the person wrote and nobody has answered yet."""
        return [message for message in self.messages if message.state == "received"]

    @property
    def new_requests(self) -> Sequence[Message]:
        """What the person asked in later forms and nobody has spoken of yet."""
        return [message for message in self.unanswered if message.kind == "request"]

    @property
    def greetings(self) -> Sequence[Message]:
        """Every greeting so far, also those that could not be delivered."""
        return [message for message in self.messages if message.kind == "greeting"]

    @property
    def asked_back(self) -> bool:
        """Whether the last thing we said was that we did not understand."""
        said = [message.kind for message in self.messages if message.state == "sent"]
        return said[-1:] == ["clarification"]

    def brief(self, now: datetime | None = None) -> Brief:
        """What the assistant may know of the lead; `now` by the owner's clock."""
        words = {
            key: self.without_contacts(value)[:_LONGEST_FIELD]
            for key, value in spoken(self.lead.extra).items()
        }
        # Some type their phone or nickname where the name goes: nobody is greeted by that.
        no_name = mask_phones(self.lead.name) != self.lead.name or self.lead.name.startswith("@")
        name = "" if no_name else self.lead.name
        clock = local_time(now, self.lead.phone_e164) if now else None
        return Brief(name, words, clock)

    def without_contacts(self, text: str) -> str:
        """`text` without phones and without the lead's username."""
        text = mask_phones(text)
        if self.lead.username:
            text = re.sub(re.escape(self.lead.username), "…", text, flags=re.IGNORECASE)
        return text

    def conversation(self) -> Sequence[Turn]:
        """What was really said, oldest first, the latest turns only; the last is all that is unanswered."""
        turns: list[Turn] = []
        before: Message | None = None
        for message in self.messages:
            if message.direction == "out" and message.state != "sent":
                continue
            # A side's lines in a row are one turn, but what was understood before is not heard again.
            if before and (before.direction, before.state) == (message.direction, message.state):
                turns[-1] = Turn(turns[-1].ours, f"{turns[-1].text}\n{_worded(message)}")
            else:
                turns.append(Turn(message.direction == "out", _worded(message)))
            before = message
        return turns[-_MOST_TURNS:]


def new_request(text: str) -> str:
    """How the model is told of a later form; the prompts speak of this tag."""
    return f"<new_request>\n{text.replace('new_request>', '')}\n</new_request>"


def _worded(message: Message) -> str:
    return new_request(message.text) if message.kind == "request" else message.text
