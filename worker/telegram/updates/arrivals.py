"""Turns updates and messages of private chats into arrivals; everything else is dropped."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pyrogram import raw

from shared.clock import utc_now
from worker.domain.telegram_port import Arrival, Deleted, Incoming, NameChanged, Note, Outgoing
from worker.telegram.content.description import (
    describe,
    describe_service,
    holds_more_than_text,
    plain_text,
    replied_to,
)
from worker.telegram.updates.people import Users, sender_of
from worker.telegram.updates.reactions import reaction_on, reaction_update

log = logging.getLogger(__name__)
types = raw.types
_NOBODY: Mapping[int, Any] = {}


def read_update(update: Any, own_id: int, users: Users = _NOBODY) -> list[Arrival]:
    """Return the arrivals of one update; an update that cannot be read is logged, and returns none."""
    try:
        return _read(update, own_id, users)
    except Exception:
        log.exception("an update of type %s could not be read", type(update).__name__)
        return []


def read_message(message: Any, own_id: int, users: Users = _NOBODY, *, edited: bool = False) -> list[Arrival]:
    """Return the arrivals of one message of a private chat, live or from the history.

    A message that cannot be read whole is read as words alone: it does not hide the others of its chat.
    """
    is_private = isinstance(getattr(message, "peer_id", None), types.PeerUser)
    if not is_private or isinstance(message, types.MessageEmpty):
        return []
    try:
        return _read_message(message, own_id, users, edited=edited)
    except Exception:
        log.exception("message %s could not be read whole", message.id)
        return _words_alone(message, own_id, users, edited=edited)


def _read_message(message: Any, own_id: int, users: Users, *, edited: bool) -> list[Arrival]:
    user_id = message.peer_id.user_id
    if user_id == own_id:
        return _note(message, edited=edited)
    if isinstance(message, types.MessageService):
        said = None if edited else _done(message, user_id, users)
        reaction = _reaction_on(message, user_id, describe_service(message).text)
    else:
        text = describe(message, users)
        said, reaction = _said(message, text, users, edited=edited), _reaction_on(message, user_id, text)
    return [one for one in (said, reaction) if one is not None]


def _read(update: Any, own_id: int, users: Users) -> list[Arrival]:
    match update:
        case types.UpdateNewMessage():
            return read_message(update.message, own_id, users)
        case types.UpdateEditMessage():
            return read_message(update.message, own_id, users, edited=True)
        case types.UpdateDeleteMessages():
            return [Deleted(tuple(update.messages))]
        case types.UpdateMessageReactions():
            reaction = reaction_update(update, utc_now())
            return [reaction] if reaction is not None else []
        case types.UpdateUserName() | types.UpdateUser() | types.UpdateUserPhone():
            return [NameChanged(update.user_id)]
        case _:
            # Groups and channels have their own types of update.
            return []


def _said(message: Any, text: str, users: Users, *, edited: bool) -> Arrival | None:
    """Return a message of either side; None for edits of sent messages, and if only reactions changed."""
    user_id, sent_at = message.peer_id.user_id, _sent_at(message)
    if message.out:
        # `offline`: an away or greeting message, which Telegram itself sends for a business account.
        return None if edited or message.offline else Outgoing(user_id, message.id, text, sent_at)
    if edited and message.edit_hide and message.reactions is not None:
        return None
    return Incoming(
        user_id,
        message.id,
        text,
        sent_at,
        edited,
        replied_to(message),
        edited_at=datetime.fromtimestamp(message.edit_date, UTC) if edited and message.edit_date else None,
        sender=sender_of(user_id, users),
        note=_as_note(message, edited=edited),
    )


def _words_alone(message: Any, own_id: int, users: Users, *, edited: bool) -> list[Arrival]:
    user_id = message.peer_id.user_id
    if message.out or edited or user_id == own_id or not isinstance(message, types.Message):
        return []
    return [
        Incoming(
            user_id, message.id, describe(message, users), _sent_at(message), sender=sender_of(user_id, users)
        )
    ]


def _done(message: Any, user_id: int, users: Users) -> Arrival | None:
    """Return what a service message tells; None for what our own account did without a human's words."""
    found = describe_service(message)
    if found.talked or (message.out and found.is_personal):
        # One of the company's people has talked with the contact: a human has taken over.
        return Outgoing(user_id, message.id, found.text, _sent_at(message))
    if message.out:
        return None
    return Incoming(
        user_id,
        message.id,
        found.text,
        _sent_at(message),
        reply_to=replied_to(message),
        needs_answer=not found.is_event,
        sender=sender_of(user_id, users),
    )


def _note(message: Any, *, edited: bool) -> list[Arrival]:
    note = _as_note(message, edited=edited)
    return [] if note is None else [note]


def _as_note(message: Any, *, edited: bool) -> Note | None:
    """Return a message as its author wrote it; None for an edit and for one that was forwarded."""
    if edited or not isinstance(message, types.Message) or message.fwd_from is not None:
        return None
    header = message.reply_to
    is_of_chat = isinstance(header, types.MessageReplyHeader) and header.reply_to_peer_id is None
    replied, quote = (header.reply_to_msg_id, header.quote_text) if is_of_chat else (None, None)
    has_more = holds_more_than_text(message)
    return Note(message.id, plain_text(message), has_more, replied, quote or "", _sent_at(message))


def _reaction_on(message: Any, user_id: int, text: str) -> Arrival | None:
    try:
        return reaction_on(message, user_id, text)
    except Exception as error:  # noqa: BLE001 - the message itself must not be lost
        log.warning("the reactions on a message could not be read: %r", error)
        return None


def _sent_at(message: Any) -> datetime:
    return datetime.fromtimestamp(message.date, UTC)
