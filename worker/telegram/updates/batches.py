"""Unpacks the containers in which Telegram sends updates. Pure."""

from dataclasses import dataclass
from typing import Any

from pyrogram import raw

types = raw.types


@dataclass(frozen=True)
class Batch:
    """Updates of one container, in order, with the users that came with them."""

    updates: tuple[Any, ...] = ()
    users: tuple[Any, ...] = ()


def unpack(container: Any) -> Batch:
    """Return the updates of a container that was pushed; those of groups and channels are left out."""
    match container:
        case types.Updates() | types.UpdatesCombined():
            private = tuple(one for one in container.updates if not is_of_channel(one))
            return Batch(private, tuple(container.users))
        case types.UpdateShort():
            return Batch(() if is_of_channel(container.update) else (container.update,))
        case types.UpdateShortMessage():
            return Batch((_whole(container),))
        case _:
            return Batch()


def unpack_difference(difference: Any) -> Batch:
    """Return the updates of an answer to updates.getDifference: first the new messages, then the rest."""
    new = getattr(difference, "new_messages", ())
    others = getattr(difference, "other_updates", ())
    told = [types.UpdateNewMessage(message=message, pts=0, pts_count=0) for message in new]
    private = tuple(one for one in (*told, *others) if not is_of_channel(one))
    return Batch(private, tuple(getattr(difference, "users", ())))


def is_of_channel(update: Any) -> bool:
    """Return True for updates of channels and large groups, which have a state (pts) of their own."""
    peer = getattr(getattr(update, "message", None), "peer_id", None) or getattr(update, "peer", None)
    return isinstance(peer, types.PeerChannel) or getattr(update, "channel_id", None) is not None


def _whole(short: Any) -> Any:
    """Return the update that an updateShortMessage abbreviates."""
    message = types.Message(
        id=short.id,
        peer_id=types.PeerUser(user_id=short.user_id),
        date=short.date,
        message=short.message,
        out=short.out,
        silent=short.silent,
        fwd_from=short.fwd_from,
        via_bot_id=short.via_bot_id,
        reply_to=short.reply_to,
        entities=short.entities,
        ttl_period=short.ttl_period,
    )
    return types.UpdateNewMessage(message=message, pts=short.pts, pts_count=short.pts_count)
