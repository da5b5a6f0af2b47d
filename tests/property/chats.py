"""A model of Telegram's chats, where each random_id counts once; and fake ports on top of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from shared.clock import Clock
from shared.intents import Intent
from worker.domain.assistant_port import AssistantError, Brief, Greeting, Turn, Verdict
from worker.domain.telegram_port import (
    Arrival,
    CannotWriteError,
    Incoming,
    Outgoing,
    Peer,
    PeerNotFoundError,
    Sender,
    Sent,
    TelegramUnavailableError,
)

PERSONS = (6_000_000_001, 6_000_000_002, 6_000_000_003)


class Scenario(Enum):
    """How Telegram and the model behave while a worker makes one decision."""

    SUCCESS = "success"
    # The peer does not exist, and a message can never be delivered.
    REFUSED = "refused"
    # The call succeeds, but its answer is lost; the next try gets the same message id.
    ANSWER_LOST = "answer lost"
    UNAVAILABLE = "unavailable"
    FAILURE = "failure"
    WAIT = "wait"
    GIVE_UP = "give up"
    MOVED_ON = "moved on"


@dataclass(frozen=True)
class OutboundMessage:
    """A message that Telegram delivered for an account."""

    account_id: int
    person: int
    text: str
    number: int
    at: datetime


@dataclass(frozen=True)
class InboundMessage:
    """A message that a person wrote to an account."""

    account_id: int
    incoming: Incoming


@dataclass
class Chats:
    """`owners`: the person who has a username or phone now."""

    owners: dict[str, int] = field(default_factory=dict)
    outbound: dict[int, OutboundMessage] = field(default_factory=dict)
    inbound: list[InboundMessage] = field(default_factory=list)
    last_number: dict[int, int] = field(default_factory=dict)

    def number(self, account_id: int) -> int:
        """Return the next message id; an account has one sequence for all its private chats."""
        self.last_number[account_id] = self.last_number.get(account_id, 0) + 1
        return self.last_number[account_id]

    def write(self, account_id: int, person: int, now: datetime) -> InboundMessage:
        """Record that a person wrote; the update to the worker is a separate step."""
        number = self.number(account_id)
        message = InboundMessage(account_id, Incoming(person, number, f"message {number}", now))
        self.inbound.append(message)
        return message

    def edit(self, index: int, now: datetime) -> InboundMessage:
        """Record an edit by the person; returns the update about it."""
        old = self.inbound[index]
        incoming = old.incoming
        text = f"{incoming.text}, edited"
        self.inbound[index] = InboundMessage(
            old.account_id, Incoming(incoming.user_id, incoming.message_id, text, now)
        )
        return InboundMessage(
            old.account_id, Incoming(incoming.user_id, incoming.message_id, text, now, edited=True)
        )


@dataclass(frozen=True)
class FakePorts:
    """Implements the ports Telegram and Assistant for one decision of an account's worker."""

    chats: Chats
    account_id: int
    clock: Clock
    scenario: Scenario = Scenario.SUCCESS
    intent: Intent = Intent.ACCEPT

    async def find_by_username(self, username: str) -> Peer:
        return self._find(f"@{username}")

    async def find_by_phone(self, phone_e164: str) -> Peer:
        return self._find(phone_e164)

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        return self._find(phone_e164, f" to save as {name}")

    async def delete_contacts(self, peers: Sequence[Peer]) -> None:
        raise AssertionError(f"{peers} are kept")

    async def check_accepts_messages(self, peer: Peer) -> None:
        assert peer.access_hash == 10 * peer.user_id + self.account_id
        self._may_fail()

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        self._may_fail()
        known = self.chats.outbound.get(random_id)
        if known is None:
            if self.scenario is Scenario.REFUSED:
                raise CannotWriteError("the person accepts no messages")
            number = self.chats.number(self.account_id)
            known = OutboundMessage(self.account_id, peer.user_id, text, number, self.clock())
            self.chats.outbound[random_id] = known
        if self.scenario is Scenario.ANSWER_LOST:
            raise TelegramUnavailableError("the link dropped")
        return Sent(known.number)

    async def send_note(self, text: str, random_id: int) -> Sent:
        raise AssertionError(f"the owner has asked nothing: {text} {random_id}")

    async def fetch_profile(self, peer: Peer) -> Sender | None:
        self._may_fail()
        names = tuple(handle.removeprefix("@") for handle in self._handles(peer.user_id) if handle[0] == "@")
        phones = [handle for handle in self._handles(peer.user_id) if handle[0] != "@"]
        return Sender(peer.user_id, peer.access_hash, names, phones[0] if phones else None)

    async def fetch_incoming(self, message_ids: Sequence[int]) -> Sequence[Incoming]:
        return [one for one in self._inbound() if one.message_id in message_ids]

    def _handles(self, person: int) -> list[str]:
        return [handle for handle, owner in self.chats.owners.items() if owner == person]

    async def show_typing(self, peer: Peer, read_until: int | None = 0) -> None:  # noqa: ARG002
        raise AssertionError(f"no time is spent typing to {peer}")

    async def fetch_newest_ids(self, since: datetime) -> Mapping[int, int]:
        outbound = [one for one in self.chats.outbound.values() if one.account_id == self.account_id]
        said = [(one.number, one.person) for one in outbound if one.at >= since]
        heard = [(one.message_id, one.user_id) for one in self._inbound() if one.sent_at >= since]
        return {person: number for number, person in sorted(said + heard)}

    async def fetch_history(
        self,
        peer: Peer,
        after_id: int,
        since: datetime | None = None,  # noqa: ARG002
    ) -> Sequence[Arrival]:
        """Includes the worker's own messages: a sent but unrecorded one must not count as a human's."""
        outbound = [one for one in self.chats.outbound.values() if one.account_id == self.account_id]
        own = [Outgoing(one.person, one.number, one.text, one.at) for one in outbound]
        said = [
            one
            for one in [*self._inbound(), *own]
            if one.user_id == peer.user_id and one.message_id > after_id
        ]
        return sorted(said, key=lambda one: one.message_id)

    async def download_voice(self, message_id: int) -> bytes | None:
        raise AssertionError(f"voice message {message_id} must not be downloaded")

    async def transcribe(self, audio: bytes) -> str:
        raise AssertionError(f"{len(audio)} bytes must not be transcribed")

    async def greeting(self, brief: Brief) -> Greeting:
        if self.scenario in {Scenario.REFUSED, Scenario.FAILURE, Scenario.UNAVAILABLE}:
            raise AssistantError("not a greeting")
        return Greeting(f"hello, {brief.name}")

    async def follow_up(
        self,
        brief: Brief,  # noqa: ARG002 - of the port
        conversation: Sequence[Turn],  # noqa: ARG002 - of the port
        fixed: str,
        *,
        is_last: bool,  # noqa: ARG002 - of the port
    ) -> Greeting:
        return Greeting(fixed, is_fixed=True)

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        if self.scenario in {Scenario.REFUSED, Scenario.FAILURE, Scenario.UNAVAILABLE}:
            raise AssistantError("not a verdict")
        return Verdict(self.intent, f"{brief.name} wrote {conversation[-1].text}", "en")

    def _find(self, handle: str, how: str = "") -> Peer:
        self._may_fail()
        person = self.chats.owners.get(handle)
        if person is None or self.scenario is Scenario.REFUSED:
            raise PeerNotFoundError(f"no person has {handle}{how}")
        # Each account has its own access hash for a person.
        return Peer(person, 10 * person + self.account_id)

    def _may_fail(self) -> None:
        if self.scenario in {Scenario.UNAVAILABLE, Scenario.FAILURE}:
            raise TelegramUnavailableError("no answer")

    def _inbound(self) -> list[Incoming]:
        return [one.incoming for one in self.chats.inbound if one.account_id == self.account_id]
