"""Checks if an account may write to a person, and raises Telegram's errors if not."""

from dataclasses import dataclass
from typing import Literal

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.state.mailbox import Chat
from sandbox.fake_telegram.state.people import Person

MAX_TEXT = 4096


@dataclass(frozen=True)
class Requirement:
    """The answer of users.getRequirementsToContact before a first message."""

    kind: Literal["none", "premium", "stars"]
    stars: int = 0


def requirement(person: Person, chat: Chat) -> Requirement:
    """Return the requirement to contact a person.

    `strangers_blocked` is not included: as in Telegram, it appears only when a message is refused.
    """
    if _knows_us(chat):
        return Requirement("none")
    if person.privacy.premium_only:
        return Requirement("premium")
    if person.privacy.paid_stars:
        return Requirement("stars", person.privacy.paid_stars)
    return Requirement("none")


def check_text(text: str) -> None:
    """Raise RpcError for a text that Telegram does not accept."""
    if not text.strip():
        raise RpcError(400, "MESSAGE_EMPTY")
    if len(text) > MAX_TEXT:
        raise RpcError(400, "MESSAGE_TOO_LONG")


def check_writable(person: Person, chat: Chat, privacy_code: int, stars: int = 0) -> None:
    """Raise RpcError if the person's kind or privacy forbids a message; `stars` is what the sender pays."""
    _check_kind(person)
    if person.privacy.blocked_by_us:
        raise RpcError(400, "YOU_BLOCKED_USER")
    if person.privacy.blocked_us:
        raise RpcError(400, "USER_IS_BLOCKED")
    needed = requirement(person, chat)
    if needed.kind == "premium":
        raise RpcError(privacy_code, "PRIVACY_PREMIUM_REQUIRED")
    if needed.kind == "stars" and stars < needed.stars:
        raise RpcError(privacy_code, f"ALLOW_PAYMENT_REQUIRED_{needed.stars}")
    if person.privacy.strangers_blocked and not _knows_us(chat):
        raise RpcError(403, "USER_PRIVACY_RESTRICTED")


def _check_kind(person: Person) -> None:
    if person.kind == "deleted":
        raise RpcError(400, "INPUT_USER_DEACTIVATED")
    if person.kind == "channel":
        raise RpcError(403, "CHAT_ADMIN_REQUIRED")
    if person.kind == "group":
        raise RpcError(403, "CHAT_WRITE_FORBIDDEN")


def _knows_us(chat: Chat) -> bool:
    return any(not message.out for message in chat.messages)
