"""What Telegram tells about people: who a look-up found, how a person is called now, who wrote a message."""

from collections.abc import Sequence
from typing import Any

from pyrogram import raw

from shared.logging_setup import mask
from worker.domain import identity
from worker.domain.telegram_port import CannotWriteError, Incoming, Peer, PeerNotFoundError, Sender
from worker.telegram.session.session import TelegramSession
from worker.telegram.updates.arrivals import read_message
from worker.telegram.updates.people import by_id, sender_of


def person_with_username(peer: Any, users: list[Any], username: str) -> Peer:
    """Return the person of a look-up's answer; raises PeerNotFoundError if they do not have the username."""
    found = _person(peer, users, f"@{username}")
    profile = sender_of(found.user_id, by_id(users))
    if profile is None or not identity.has_username(profile, username):
        raise PeerNotFoundError(f"@{username}: Telegram names a person who does not have this username")
    return found


def person_with_phone(peer: Any, users: list[Any], phone_e164: str) -> Peer:
    """Return the person of a look-up's answer; raises PeerNotFoundError if they show another phone."""
    found = _person(peer, users, mask(phone_e164))
    profile = sender_of(found.user_id, by_id(users))
    if profile is not None and identity.has_other_phone(profile, phone_e164):
        raise PeerNotFoundError(f"{mask(phone_e164)}: Telegram names a person who has another phone")
    return found


def _person(peer: Any, users: list[Any], label: str) -> Peer:
    """Return the person of a look-up's answer; raises PeerNotFoundError for bots, groups and the like."""
    if not isinstance(peer, raw.types.PeerUser):
        raise PeerNotFoundError(f"{label}: this is a group or a channel, not a person")
    user = next((user for user in users if user.id == peer.user_id), None)
    if user is None or user.access_hash is None:
        raise PeerNotFoundError(f"{label}: Telegram does not let this account see the person")
    for is_unusable, what in (
        (user.bot, "a bot, not a person"),
        (user.deleted, "a deleted account"),
        (user.is_self, "this very account"),
    ):
        if is_unusable:
            raise PeerNotFoundError(f"{label}: this is {what}")
    return Peer(user.id, user.access_hash)


async def fetch_profile(session: TelegramSession, peer: Peer) -> Sender | None:
    """Call users.getUsers for one person; None if Telegram does not know them."""
    wanted = raw.types.InputUser(user_id=peer.user_id, access_hash=peer.access_hash)
    try:
        found = await session.call(raw.functions.users.GetUsers(id=[wanted]))
    except (PeerNotFoundError, CannotWriteError):
        return None
    return sender_of(peer.user_id, by_id(found))


async def fetch_incoming(session: TelegramSession, message_ids: Sequence[int]) -> list[Incoming]:
    """Call messages.getMessages; returns the messages that other people wrote in private chats."""
    wanted = [raw.types.InputMessageID(id=message_id) for message_id in message_ids]
    answer = await session.call(raw.functions.messages.GetMessages(id=wanted))
    users = by_id(getattr(answer, "users", ()))
    return [
        arrival
        for message in getattr(answer, "messages", ())
        for arrival in read_message(message, session.user_id, users)
        if isinstance(arrival, Incoming)
    ]
