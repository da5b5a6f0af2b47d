"""Hand-written fakes of the ports: Telegram, the peer finder and the assistant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.intents import Intent
from worker.domain.assistant_port import Brief, Greeting, Turn, Verdict
from worker.domain.telegram_port import Incoming, Peer, Sender, Sent

ANNA = Peer(6_000_000_001, 11)
OTHER = Peer(6_000_000_002, 22)


@dataclass
class World:
    """Implements worker.domain.telegram_port.Telegram; an exception in place of an answer is raised."""

    by_username: Peer | Exception = ANNA
    by_phone: Peer | Exception = OTHER
    by_import: Peer | Exception = OTHER
    closed: Exception | None = None
    dropping: Exception | None = None
    sending: Sent | Exception = field(default_factory=lambda: Sent(100))
    sound: bytes | Exception | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    profiles: dict[int, Sender] = field(default_factory=dict)
    incoming: dict[int, Incoming] = field(default_factory=dict)

    async def find_by_username(self, username: str) -> Peer:
        self.asked.append(("username", username))
        return _answer(self.by_username)

    async def find_by_phone(self, phone_e164: str) -> Peer:
        self.asked.append(("phone", phone_e164))
        return _answer(self.by_phone)

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        self.asked.append(("import", phone_e164, name))
        return _answer(self.by_import)

    async def delete_contacts(self, peers: Sequence[Peer]) -> None:
        self.asked.append(("drop", *(str(peer.user_id) for peer in peers)))
        if self.dropping is not None:
            raise self.dropping

    async def check_accepts_messages(self, peer: Peer) -> None:
        self.asked.append(("open?", str(peer.user_id)))
        if self.closed is not None:
            raise self.closed

    async def fetch_profile(self, peer: Peer) -> Sender | None:
        self.asked.append(("profile", str(peer.user_id)))
        return self.profiles.get(peer.user_id)

    async def fetch_incoming(self, message_ids: Sequence[int]) -> Sequence[Incoming]:
        self.asked.append(("messages", *map(str, message_ids)))
        return [self.incoming[one] for one in message_ids if one in self.incoming]

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        self.asked.append(("send", str(peer.user_id), text, str(random_id)))
        if isinstance(self.sending, Exception):
            raise self.sending
        return self.sending

    async def send_note(self, text: str, random_id: int) -> Sent:
        self.asked.append(("note", text, str(random_id)))
        return Sent(None)

    async def show_typing(self, peer: Peer, read_until: int | None = 0) -> None:  # noqa: ARG002
        self.asked.append(("typing", str(peer.user_id)))

    async def fetch_newest_ids(self, since: datetime) -> Mapping[int, int]:
        self.asked.append(("newest", since.isoformat()))
        return {}

    async def fetch_history(
        self,
        peer: Peer,
        after_id: int,
        since: datetime | None = None,  # noqa: ARG002
    ) -> Sequence[Incoming]:
        self.asked.append(("history", str(peer.user_id), str(after_id)))
        return [Incoming(peer.user_id, after_id + 1, "да", datetime(2026, 11, 24, tzinfo=UTC))]

    async def download_voice(self, message_id: int) -> bytes | None:
        self.asked.append(("voice", str(message_id)))
        if isinstance(self.sound, Exception):
            raise self.sound
        return self.sound


@dataclass
class People:
    """Implements worker.domain.telegram_port.Finder; an exception in place of an answer is raised."""

    username: Peer | Exception = ANNA
    phone: Peer | Exception = OTHER
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def find_by_username(self, username: str) -> Peer:
        self.asked.append(("username", username))
        return _answer(self.username)

    async def find_by_phone(self, phone_e164: str, name: str, *, may_import: bool = True) -> Peer:
        self.asked.append(("phone", phone_e164, name, *(["thoroughly"] if may_import else [])))
        return _answer(self.phone)

    async def check_username(self, peer: Peer, username: str) -> str | None:  # noqa: ARG002
        raise AssertionError("not a step's to do")

    async def check_phone(self, peer: Peer, phone_e164: str, name: str) -> str | None:  # noqa: ARG002
        raise AssertionError("not a step's to do")

    async def forget(self, user_id: int) -> None:  # noqa: ARG002
        raise AssertionError("not a step's to do")

    async def remove_imported_contacts(self) -> None:
        raise AssertionError("not a step's to do")


@dataclass
class Words:
    """Implements worker.domain.assistant_port.Assistant and keeps what it was told."""

    hello: str | Exception = "Здравствуйте, Анна! Удобно ли созвониться?"
    verdict: Verdict | Exception = field(default_factory=lambda: Verdict(Intent.ACCEPT, "Отлично!", "ru"))
    heard: str | Exception = "да, давайте созвонимся"
    briefs: list[Brief] = field(default_factory=list)
    conversations: list[Sequence[Turn]] = field(default_factory=list)

    async def greeting(self, brief: Brief) -> Greeting:
        self.briefs.append(brief)
        if isinstance(self.hello, Exception):
            raise self.hello
        return Greeting(self.hello)

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        self.briefs.append(brief)
        self.conversations.append(conversation)
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    async def follow_up(
        self,
        brief: Brief,  # noqa: ARG002 - of the port
        conversation: Sequence[Turn],  # noqa: ARG002 - of the port
        fixed: str,
        *,
        is_last: bool,  # noqa: ARG002 - of the port
    ) -> Greeting:
        return Greeting(fixed, is_fixed=True)

    async def transcribe(self, audio: bytes) -> str:
        assert audio
        if isinstance(self.heard, Exception):
            raise self.heard
        return self.heard


def _answer(found: Peer | Exception) -> Peer:
    if isinstance(found, Exception):
        raise found
    return found
