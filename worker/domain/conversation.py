"""The conversation of a lead: the lead, its messages, and what the model may see of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.database.models import Booking, Lead, Message, PlannedMessage
from shared.leads import contact_evidence
from shared.leads.form_fields import person_fields
from shared.logging_setup import mask_phones
from shared.statuses import NOT_GREETED, LeadStatus
from worker.domain.assistant_port import Brief, Turn
from worker.domain.content_markers import is_only_reactions, own_words, strip_marks
from worker.domain.local_time import to_local_time
from worker.domain.telegram_port import Peer
from worker.domain.voice_notes import strip_voice_mark
from worker.domain.wording.names import name_to_address

_MAX_FIELD_LENGTH = 1_000
_MAX_TURNS = 200
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]{3}", re.IGNORECASE)
# Usernames and e-mail addresses in any text; links in sent messages, which the model does not need.
_HANDLES = re.compile(r"[\w.+-]{0,64}@\w[\w.-]{3,}|\b(?:t|telegram)\.(?:me|dog)/\S+", re.IGNORECASE)
_CARD = re.compile(r"\[contact: [^\[\]]*\]")
_NUMBER = re.compile(r"\+?\d[\d\s()./-]{2,}\d")
_OUR_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Conversation:
    """A leased lead with its transcript, oldest first."""

    lead: Lead
    messages: Sequence[Message]
    is_returning: bool = False
    # What is planned for this lead, the next ones first.
    planned: Sequence[PlannedMessage] = ()
    # The booking that a planned message is about, by its id.
    bookings: Mapping[int, Booking] = field(default_factory=dict)
    # Telegram does not let the account write to strangers; known only for leads with a plan.
    is_account_limited: bool = False

    @property
    def id(self) -> int:
        """The id of the lead."""
        return self.lead.id

    @property
    def peer(self) -> Peer:
        """The Telegram user of the lead; raises ValueError if it has not been found yet."""
        user_id, access_hash = self.lead.telegram_user_id, self.lead.access_hash
        if user_id is None or access_hash is None:
            raise ValueError(f"lead {self.id} is {self.lead.status} and its Telegram user is not known")
        return Peer(user_id, access_hash)

    @property
    def display_name(self) -> str:
        """The name for addressing the contact; empty if the form's field holds something else."""
        return name_to_address(self.lead.name)

    @property
    def queued(self) -> Message | None:
        """The next message to send, if any."""
        return next((message for message in self.messages if message.state == "queued"), None)

    @property
    def has_draft(self) -> bool:
        """True if a draft waits for a human's approval."""
        return any(message.state == "draft" for message in self.messages)

    @property
    def dependency(self) -> str:
        """The kind of the next external call; calls of one kind fail together (see OutageTrackers)."""
        if self.queued is not None:
            return "send"
        if self.lead.status is not LeadStatus.PENDING:
            return "greeting" if self.lead.status is LeadStatus.RESOLVED else "reply"
        return contact_evidence.next_contact(self.lead) or "phone"

    @property
    def unanswered(self) -> Sequence[Message]:
        """The messages and later forms of the contact without an answer."""
        return [message for message in self.messages if message.state == "received"]

    @property
    def unanswered_text(self) -> str:
        """What the contact says in the unanswered messages, as one text, without later forms.

        It has no quoted messages, file names and the like, and of a reaction only the emoji.
        """
        replies = [message.text for message in self.unanswered if message.kind == "reply"]
        return "\n".join(own_words(strip_voice_mark(text)) for text in replies)

    @property
    def only_reacted(self) -> bool:
        """True if all unanswered messages are reactions."""
        return bool(self.unanswered) and all(
            message.kind == "reply" and is_only_reactions(message.text) for message in self.unanswered
        )

    @property
    def language(self) -> str:
        """The language of the contact, `ru` or `en`, guessed from the letters; marks are not words.

        Words in Cyrillic decide, then the contact's own words, then our messages, then the form.
        """
        replies = [strip_marks(message.text) for message in self.messages if message.kind == "reply"]
        said, form = " ".join(replies), f"{self.lead.name} {' '.join(map(str, self.lead.extra.values()))}"
        if _CYRILLIC.search(f"{said} {form}"):
            return "ru"
        ours = " ".join(message.text for message in self.messages if message.state == "sent")
        texts = [said, "" if _CYRILLIC.search(ours) else form]
        return "en" if any(_LATIN.search(text) for text in texts) else "ru"

    @property
    def new_requests(self) -> Sequence[Message]:
        """The unanswered later forms of the contact (kind `request`)."""
        return [message for message in self.unanswered if message.kind == "request"]

    @property
    def all_requests(self) -> Sequence[Message]:
        """All later forms of the contact, answered or not."""
        return [message for message in self.messages if message.kind == "request"]

    @property
    def greetings(self) -> Sequence[Message]:
        """All greetings, also those that could not be delivered."""
        return [message for message in self.messages if message.kind == "greeting"]

    @property
    def has_written(self) -> bool:
        """True if the contact has got a message from us."""
        return any(message.direction == "out" and message.state == "sent" for message in self.messages)

    @property
    def has_begun(self) -> bool:
        """True if a message has gone either way in this chat."""
        return self.has_written or any(message.kind == "reply" for message in self.messages)

    @property
    def wrote_first(self) -> bool:
        """True if the contact wrote before our first message, which Telegram certainly does not have yet."""
        if self.lead.status not in NOT_GREETED or (self.queued is not None and self.queued.released_at):
            return False
        return not self.has_written and any(message.kind == "reply" for message in self.unanswered)

    @property
    def newest_received_id(self) -> int | None:
        """Telegram's id of the newest stored message of the contact; None without one."""
        received = [message for message in self.messages if message.direction == "in"]
        return max((one.telegram_message_id for one in received if one.telegram_message_id), default=None)

    @property
    def newest_word(self) -> int:
        """The id of the newest message of the contact, a reaction included; 0 without one."""
        return max(
            (one.id for one in self.messages if one.direction == "in" and one.kind == "reply"), default=0
        )

    @property
    def last_sent_at(self) -> datetime | None:
        """When our last message was sent, also by a human; None without one."""
        sent = (one.sent_at for one in self.messages if one.direction == "out" and one.state == "sent")
        return max((at for at in sent if at is not None), default=None)

    @property
    def asked_to_clarify(self) -> bool:
        """True if the last sent message asked the contact to clarify."""
        sent_kinds = [message.kind for message in self.messages if message.state == "sent"]
        return sent_kinds[-1:] == ["clarification"]

    @property
    def is_unconfirmed(self) -> bool:
        """True if the person was found by weak evidence and has not confirmed that they left the request."""
        return contact_evidence.is_unconfirmed(self.lead, self.messages)

    def brief(self, now: datetime | None = None, *, confirmation: str = "") -> Brief:
        """Return what the model may know about the lead; `now` is in the owner's time zone.

        The request is hidden from an unconfirmed person. `confirmation`: the words with which they have just
        confirmed that they left it.
        """
        local_time = to_local_time(now, self.lead.phone_e164) if now else None
        name = name_to_address(self.lead.name)
        if self.is_unconfirmed and not confirmation:
            return Brief(name, {}, local_time, is_unconfirmed=True)
        fields = {
            key: self.without_contacts(value)[:_MAX_FIELD_LENGTH]
            for key, value in person_fields(self.lead.extra).items()
        }
        return Brief(name, fields, local_time, confirmation=self.without_contacts(confirmation))

    def without_contacts(self, text: str) -> str:
        """Return the text with phones, usernames and e-mail addresses masked."""
        # The number of a contact card is a phone, whatever its form.
        text = _CARD.sub(lambda card: _NUMBER.sub("…", card[0]), mask_phones(text))
        text = _HANDLES.sub("…", text)
        if self.lead.username:
            text = re.sub(re.escape(self.lead.username), "…", text, flags=re.IGNORECASE)
        return text

    def _text_for_model(self, message: Message) -> str:
        text = self.without_contacts(strip_voice_mark(message.text))
        return tag_new_request(text) if message.kind == "request" else _strip_tag(text)

    def turns(self) -> Sequence[Turn]:
        """Return the latest 200 turns, oldest first; the last turn holds all unanswered messages.

        Unsent and deleted messages are left out, and later forms while the person is unconfirmed.
        """
        turns: list[Turn] = []
        previous: Message | None = None
        hides_forms = self.is_unconfirmed
        for message in self.messages:
            if message.state == "deleted" or (message.direction == "out" and message.state != "sent"):
                continue
            if hides_forms and message.kind == "request":
                continue
            from_us = message.direction == "out"
            text = _OUR_LINK.sub("…", message.text) if from_us else self._text_for_model(message)
            turn = Turn(from_us, text, None if from_us else own_words(text))
            # Consecutive messages of one side form one turn. Handled and unanswered messages stay apart.
            if previous and (previous.direction, previous.state) == (message.direction, message.state):
                turns[-1] = _joined(turns[-1], turn)
            else:
                turns.append(turn)
            previous = message
        return turns[-_MAX_TURNS:]


def _joined(first: Turn, second: Turn) -> Turn:
    own = None if first.from_us else f"{first.expressed}\n{second.expressed}"
    return Turn(first.from_us, f"{first.text}\n{second.text}", own)


def tag_new_request(text: str) -> str:
    """Wrap the text of a later form in the tag that the prompts explain."""
    return f"<new_request>\n{_strip_tag(text)}\n</new_request>"


def _strip_tag(text: str) -> str:
    return text.replace("new_request>", "")
