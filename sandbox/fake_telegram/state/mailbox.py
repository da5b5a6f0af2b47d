"""One account's private chats and the numbered log of their changes."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from sandbox.fake_telegram.state.extras import Extras

Change = Literal["message", "edit", "reaction", "delete", "read_inbox", "read_outbox"]


@dataclass
class Message:
    """One message as the account sees it; ids grow across all its chats, dates are Unix seconds."""

    id: int
    person_id: int
    out: bool
    text: str
    date: int
    random_id: int | None = None
    media: str | None = None
    # The text of a voice message; its file contains the same text.
    spoken: str = ""
    forwarded: bool = False
    edit_date: int | None = None
    extras: Extras = field(default_factory=Extras)
    # The person's reaction, and its date.
    reaction: str = ""
    reaction_date: int = 0
    has_reacted: bool = False
    # True if the account has looked at the reaction.
    reaction_is_read: bool = False


@dataclass(frozen=True)
class Event:
    """One step of pts. `origin` is the session that caused it; it gets the change in its answer."""

    pts: int
    change: Change
    person_id: int
    message: Message | None = None
    max_id: int = 0
    origin: bytes | None = None


@dataclass
class Chat:
    """A private chat with one person."""

    person_id: int
    messages: list[Message] = field(default_factory=list)
    read_inbox: int = 0
    read_outbox: int = 0

    @property
    def last(self) -> Message | None:
        """The newest message, or None."""
        return self.messages[-1] if self.messages else None

    def find(self, message_id: int) -> Message | None:
        """Return the message with this id, or None."""
        return next((message for message in self.messages if message.id == message_id), None)

    @property
    def unread_reactions(self) -> list[Message]:
        """The account's messages with reactions that it has not looked at, oldest first."""
        return [
            message
            for message in self.messages
            if message.out and message.reaction and not message.reaction_is_read
        ]

    @property
    def unread(self) -> int:
        """The number of the person's messages that the account has not read."""
        return sum(not message.out and message.id > self.read_inbox for message in self.messages)


# Message ids and pts start apart, so that code which confuses them fails.
PTS_AHEAD = 1000
LOG_KEPT = 10_000


class Mailbox:
    """The chats of one account. Message ids start at `base`, pts PTS_AHEAD above; both only grow."""

    def __init__(self, base: int) -> None:
        self.chats: dict[int, Chat] = {}
        self.sent: dict[int, Message] = {}
        self.contacts: dict[int, str] = {}
        self.imported = 0
        self.pts = base + PTS_AHEAD
        self._last_id = base
        self._log: deque[Event] = deque(maxlen=LOG_KEPT)

    def chat(self, person_id: int) -> Chat:
        """Return the chat with this person; a new chat is empty."""
        return self.chats.setdefault(person_id, Chat(person_id))

    def post(self, message: Message, origin: bytes | None = None) -> Event:
        """Give the message an id and add it to its chat."""
        self._last_id += 1
        message.id = self._last_id
        self.chat(message.person_id).messages.append(message)
        if message.random_id is not None:
            self.sent[message.random_id] = message
        return self._record("message", message.person_id, message=message, origin=origin)

    def edit(self, message: Message, text: str, now: int) -> Event:
        """Change the text of a message."""
        message.text = text
        message.edit_date = now
        return self._record("edit", message.person_id, message=message)

    def react(self, message: Message, emoji: str, now: int) -> Event:
        """Set the person's reaction on a message; an empty one removes it."""
        message.reaction, message.reaction_date, message.has_reacted = emoji, now, True
        message.reaction_is_read = False
        return self._record("reaction", message.person_id, message=message)

    def delete(self, message: Message) -> Event:
        """Remove a message from its chat; the event contains only its id."""
        self.chat(message.person_id).messages.remove(message)
        return self._record("delete", message.person_id, max_id=message.id)

    def read_inbox(self, person_id: int, max_id: int, origin: bytes | None = None) -> Event | None:
        """Mark as read up to `max_id`, or everything with 0; return None if nothing changes."""
        chat = self.chat(person_id)
        upto = max_id or (chat.last.id if chat.last else 0)
        if upto <= chat.read_inbox:
            return None
        chat.read_inbox = upto
        return self._record("read_inbox", person_id, max_id=upto, origin=origin)

    def read_outbox(self, person_id: int) -> Event | None:
        """Mark all outgoing messages as read; return None if there were no unread ones."""
        chat = self.chat(person_id)
        upto = max((message.id for message in chat.messages if message.out), default=0)
        if upto <= chat.read_outbox:
            return None
        chat.read_outbox = upto
        return self._record("read_outbox", person_id, max_id=upto)

    def since(self, pts: int, kept: int) -> list[Event] | None:
        """Return the events after `pts`, oldest first, or None if they are no longer kept."""
        if pts == self.pts:
            return []
        log = list(self._log)[-kept:]
        if pts > self.pts or not log or pts < log[0].pts - 1:
            return None
        return [event for event in log if event.pts > pts]

    def _record(
        self,
        change: Change,
        person_id: int,
        *,
        message: Message | None = None,
        max_id: int = 0,
        origin: bytes | None = None,
    ) -> Event:
        self.pts += 1
        event = Event(self.pts, change, person_id, message, max_id, origin)
        self._log.append(event)
        return event
