"""Telegram as it remembers: what was said in each account's chats, each random_id once; and a link to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from shared.clock import Clock
from shared.statuses import Intent
from worker.domain.assistant_port import AssistantError, Brief, Greeting, Turn, Verdict
from worker.domain.telegram_port import (
    Arrival,
    CannotWriteError,
    Incoming,
    Outgoing,
    Peer,
    PeerNotFoundError,
    Sent,
    TelegramUnavailableError,
)

PERSONS = (6_000_000_001, 6_000_000_002, 6_000_000_003)


class Fate(Enum):
    """How the world meets what a worker is about to do."""

    WELL = "well"
    # Nobody has the username or phone; a message can never be delivered.
    REFUSED = "refused"
    # Done, but the answer is lost on the way; the next try is told what had become of it, or only that.
    UNHEARD = "unheard"
    AWAY = "away"
    BROKEN = "broken"
    WAIT = "wait"
    GIVE_UP = "give up"
    MOVED_ON = "moved on"


@dataclass(frozen=True)
class Post:
    """What Telegram delivered for an account."""

    account_id: int
    person: int
    text: str
    number: int
    at: datetime


@dataclass(frozen=True)
class Letter:
    """What a person wrote to an account."""

    account_id: int
    incoming: Incoming


@dataclass
class Chats:
    """`owners`: which person is behind a username or phone, as things stand."""

    owners: dict[str, int] = field(default_factory=dict)
    posts: dict[int, Post] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    last_number: dict[int, int] = field(default_factory=dict)

    def number(self, account_id: int) -> int:
        """An account numbers the messages of all its private chats in one row."""
        self.last_number[account_id] = self.last_number.get(account_id, 0) + 1
        return self.last_number[account_id]

    def write(self, account_id: int, person: int, now: datetime) -> Letter:
        """A person writes; whether the worker hears of it is another matter."""
        number = self.number(account_id)
        letter = Letter(account_id, Incoming(person, number, f"letter {number}", now))
        self.letters.append(letter)
        return letter

    def edit(self, index: int, now: datetime) -> Letter:
        """A person changes what they wrote; gives the update that says so."""
        old = self.letters[index]
        incoming = old.incoming
        text = f"{incoming.text}, edited"
        self.letters[index] = Letter(
            old.account_id, Incoming(incoming.user_id, incoming.message_id, text, now)
        )
        return Letter(old.account_id, Incoming(incoming.user_id, incoming.message_id, text, now, edited=True))


@dataclass(frozen=True)
class Line:
    """Implements worker.domain.telegram_port.Telegram and Assistant for one decision of an account's worker."""

    chats: Chats
    account_id: int
    clock: Clock
    fate: Fate = Fate.WELL
    intent: Intent = Intent.ACCEPT

    async def find_by_username(self, username: str) -> Peer:
        return self._find(f"@{username}")

    async def find_by_phone(self, phone_e164: str) -> Peer:
        return self._find(phone_e164)

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        return self._find(phone_e164, f" to save as {name}")

    async def drop_contacts(self, peers: Sequence[Peer]) -> None:
        raise AssertionError(f"{peers} are kept")

    async def check_open(self, peer: Peer) -> None:
        assert peer.access_hash == 10 * peer.user_id + self.account_id
        self._may_fail()

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        self._may_fail()
        known = self.chats.posts.get(random_id)
        if known is None:
            if self.fate is Fate.REFUSED:
                raise CannotWriteError("they let nobody write to them")
            number = self.chats.number(self.account_id)
            known = Post(self.account_id, peer.user_id, text, number, self.clock())
            self.chats.posts[random_id] = known
        if self.fate is Fate.UNHEARD:
            raise TelegramUnavailableError("the link dropped")
        return Sent(known.number)

    async def note(self, text: str, random_id: int) -> None:
        raise AssertionError(f"the owner has asked nothing: {text} {random_id}")

    async def show_typing(self, peer: Peer) -> None:
        raise AssertionError(f"no time is spent typing to {peer}")

    async def newest(self, since: datetime) -> Mapping[int, int]:
        posts = [one for one in self.chats.posts.values() if one.account_id == self.account_id]
        said = [(one.number, one.person) for one in posts if one.at >= since]
        heard = [(one.message_id, one.user_id) for one in self._letters() if one.sent_at >= since]
        return {person: number for number, person in sorted(said + heard)}

    async def history(self, peer: Peer, after_id: int) -> Sequence[Arrival]:
        """Our own words as well: what was sent and not recorded must not pass for a human's."""
        posts = [one for one in self.chats.posts.values() if one.account_id == self.account_id]
        ours = [Outgoing(one.person, one.number, one.text, one.at) for one in posts]
        said = [
            one
            for one in [*self._letters(), *ours]
            if one.user_id == peer.user_id and one.message_id > after_id
        ]
        return sorted(said, key=lambda one: one.message_id)

    async def voice(self, message_id: int) -> bytes | None:
        raise AssertionError(f"nobody listens to {message_id}")

    async def transcribe(self, audio: bytes) -> str:
        raise AssertionError(f"nobody listens to {len(audio)} bytes")

    async def greeting(self, brief: Brief) -> Greeting:
        if self.fate in {Fate.REFUSED, Fate.BROKEN, Fate.AWAY}:
            raise AssistantError("not a greeting")
        return Greeting(f"hello, {brief.name}")

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        if self.fate in {Fate.REFUSED, Fate.BROKEN, Fate.AWAY}:
            raise AssistantError("not a verdict")
        return Verdict(self.intent, f"{brief.name} wrote {conversation[-1].text}", "en")

    def _find(self, handle: str, how: str = "") -> Peer:
        self._may_fail()
        person = self.chats.owners.get(handle)
        if person is None or self.fate is Fate.REFUSED:
            raise PeerNotFoundError(f"nobody has {handle}{how}")
        # An access hash is the account's own.
        return Peer(person, 10 * person + self.account_id)

    def _may_fail(self) -> None:
        if self.fate in {Fate.AWAY, Fate.BROKEN}:
            raise TelegramUnavailableError("no answer")

    def _letters(self) -> list[Incoming]:
        return [one.incoming for one in self.chats.letters if one.account_id == self.account_id]
