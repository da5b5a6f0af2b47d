"""Reads what Telegram tells about the people of an update. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from pyrogram import raw

from worker.domain.telegram_port import Sender

# Telegram's own account, which writes login codes and announcements.
SERVICE_ACCOUNT = 777000
Users = Mapping[int, Any]


def by_id(users: Iterable[Any] | None) -> Users:
    """Return the users of an update by id."""
    return {user.id: user for user in users or () if isinstance(user, raw.types.User)}


def sender_of(user_id: int, users: Users) -> Sender | None:
    """Return the author of a message; None if the update came without them."""
    user = users.get(user_id)
    if user is None:
        return None
    names = " ".join(name for name in (user.first_name, user.last_name) if name)
    return Sender(
        user_id,
        # A "min" user has an access hash that opens nothing but the profile photo.
        None if user.min else user.access_hash,
        tuple(_usernames(user)),
        user.phone or None,
        names.replace("\0", ""),
        is_person=not (user.bot or user.deleted or user.support or user_id == SERVICE_ACCOUNT),
        is_contact=bool(user.contact),
    )


def _usernames(user: Any) -> list[str]:
    collectible = [one.username for one in user.usernames or () if one.active]
    return [*([user.username] if user.username else []), *collectible]
