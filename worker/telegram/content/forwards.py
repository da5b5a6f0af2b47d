"""Describes where a forwarded message comes from: its words are not the sender's own. Pure."""

from collections.abc import Mapping
from typing import Any

from pyrogram import raw

from worker.domain import content_markers

types = raw.types


def forward_mark(message: Any, users: Mapping[int, Any]) -> str:
    """Return `[forwarded from Anna]`; empty if the message is not forwarded, or is the sender's own again."""
    header = message.fwd_from
    if header is None or _is_own(message, header.from_id):
        return ""
    return content_markers.forwarded(_author(header, users))


def _is_own(message: Any, author: Any) -> bool:
    # In a private chat only outgoing messages have a sender.
    sender = getattr(message, "from_id", None) or (None if message.out else message.peer_id)
    return (
        isinstance(author, types.PeerUser)
        and isinstance(sender, types.PeerUser)
        and author.user_id == sender.user_id
    )


def _author(header: Any, users: Mapping[int, Any]) -> str:
    if isinstance(header.from_id, types.PeerUser):
        user = users.get(header.from_id.user_id)
        names = (getattr(user, "first_name", None), getattr(user, "last_name", None))
        return " ".join(name for name in names if name)
    return header.from_name or header.post_author or ("a channel" if header.from_id is not None else "")
