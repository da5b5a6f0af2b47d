"""What a step is given: a lead, and everything said in its conversation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from unicodedata import category, normalize

from shared.database.models import Lead, Message
from shared.leads.form_fields import person_fields
from shared.logging_setup import mask_phones
from shared.statuses import LeadStatus
from worker.domain.assistant_port import Brief, Turn
from worker.domain.local_time import to_local_time
from worker.domain.telegram_port import Peer
from worker.domain.voice_notes import strip_voice_mark

_LONGEST_FIELD = 1_000
_MOST_TURNS = 200
# How a message that is no text stands in the transcript.
_DESCRIBED = re.compile(r"\[[^\]]*\]")
# A person's handle or address, wherever it is said; and a link of ours, which the model has no use for.
_HANDLES = re.compile(r"[\w.+-]*@\w[\w.-]{3,}|\b(?:t|telegram)\.(?:me|dog)/\S+", re.IGNORECASE)
_OUR_LINK = re.compile(r"https?://\S+")
_LONGEST_NAME = 40
_MOST_NAMES = 4


@dataclass(frozen=True)
class Conversation:
    """A leased lead with its transcript, oldest first."""

    lead: Lead
    messages: Sequence[Message]
    is_returning: bool = False

    @property
    def id(self) -> int:
        """The lead's number."""
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
    def has_draft(self) -> bool:
        """Whether something waits for a human's approval."""
        return any(message.state == "draft" for message in self.messages)

    @property
    def dependency(self) -> str:
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
    def unanswered_text(self) -> str:
        """The same as one text, without later forms."""
        return "\n".join(
            strip_voice_mark(message.text) for message in self.unanswered if message.kind == "reply"
        )

    @property
    def language(self) -> str:
        """What the person writes in, as far as the letters tell: `ru` or `en`."""
        words = [message.text for message in self.messages if message.kind == "reply"]
        text = _DESCRIBED.sub("", " ".join([*words, self.lead.name, *map(str, self.lead.extra.values())]))
        latin = re.search(r"[a-z]{3}", text, re.IGNORECASE)
        return "en" if latin and not re.search(r"[а-яё]", text, re.IGNORECASE) else "ru"

    @property
    def new_requests(self) -> Sequence[Message]:
        """What the person asked in later forms and nobody has spoken of yet."""
        return [message for message in self.unanswered if message.kind == "request"]

    @property
    def greetings(self) -> Sequence[Message]:
        """Every greeting so far, also those that could not be delivered."""
        return [message for message in self.messages if message.kind == "greeting"]

    @property
    def asked_to_clarify(self) -> bool:
        """Whether the last thing we said was that we did not understand."""
        said = [message.kind for message in self.messages if message.state == "sent"]
        return said[-1:] == ["clarification"]

    def brief(self, now: datetime | None = None) -> Brief:
        """What the assistant may know of the lead; `now` by the owner's clock."""
        words = {
            key: self.without_contacts(value)[:_LONGEST_FIELD]
            for key, value in person_fields(self.lead.extra).items()
        }
        clock = to_local_time(now, self.lead.phone_e164) if now else None
        return Brief(_person_name(self.lead.name), words, clock)

    def without_contacts(self, text: str) -> str:
        """`text` without phones, handles and addresses."""
        text = _HANDLES.sub("…", mask_phones(text))
        if self.lead.username:
            text = re.sub(re.escape(self.lead.username), "…", text, flags=re.IGNORECASE)
        return text

    def _worded(self, message: Message) -> str:
        text = self.without_contacts(strip_voice_mark(message.text))
        return tag_new_request(text) if message.kind == "request" else _tagless(text)

    def conversation(self) -> Sequence[Turn]:
        """What was really said, oldest first, the latest turns only; the last is all that is unanswered."""
        turns: list[Turn] = []
        before: Message | None = None
        for message in self.messages:
            if message.state == "deleted" or (message.direction == "out" and message.state != "sent"):
                continue
            ours = message.direction == "out"
            text = _OUR_LINK.sub("…", message.text) if ours else self._worded(message)
            # A side's lines in a row are one turn, but what was understood before is not heard again.
            if before and (before.direction, before.state) == (message.direction, message.state):
                turns[-1] = Turn(ours, f"{turns[-1].text}\n{text}")
            else:
                turns.append(Turn(ours, text))
            before = message
        return turns[-_MOST_TURNS:]


def tag_new_request(text: str) -> str:
    """How the model is told of a later form; the prompts speak of this tag."""
    return f"<new_request>\n{_tagless(text)}\n</new_request>"


def _tagless(text: str) -> str:
    return text.replace("new_request>", "")


def _person_name(given: str) -> str:
    """What a person may be called; empty for a phone, a link or a speech in place of a name."""
    # Emoji are left out, and what makes them up.
    bare = "".join(sign for sign in normalize("NFC", given) if category(sign) not in {"So", "Sk", "Mn", "Cf"})
    name = " ".join(bare.split())
    is_name = len(name) <= _LONGEST_NAME and len(name.split()) <= _MOST_NAMES
    return name if is_name and all(sign.isalpha() or sign in " .-'’`" for sign in name) else ""
