"""Reads the reactions on messages of private chats. Pure."""

from datetime import UTC, datetime
from typing import Any

from pyrogram import raw

from worker.domain.telegram_port import Reaction

types = raw.types
CUSTOM_EMOJI = "custom emoji"


def reaction_on(message: Any, user_id: int, text: str) -> Reaction | None:
    """Return the contact's reactions on a message; None if the message tells of none.

    Telegram hides the edit mark of an edit that only adds or removes reactions.
    """
    is_edit_of_reactions = getattr(message, "edit_hide", False)
    if message.reactions is None and not is_edit_of_reactions:
        return None
    emoji, reacted_at = _of_contact(message.reactions, user_id)
    at = reacted_at or getattr(message, "edit_date", None) or message.date
    return Reaction(user_id, message.id, emoji, datetime.fromtimestamp(at, UTC), text)


def reaction_update(update: Any, now: datetime) -> Reaction | None:
    """Return the reactions of an updateMessageReactions; None if it is not of a private chat."""
    if not isinstance(update.peer, types.PeerUser):
        return None
    emoji, reacted_at = _of_contact(update.reactions, update.peer.user_id)
    at = datetime.fromtimestamp(reacted_at, UTC) if reacted_at else now
    return Reaction(update.peer.user_id, update.msg_id, emoji, at)


def _of_contact(reactions: Any, user_id: int) -> tuple[str, int]:
    """Return the emoji of a contact's reactions and their date; the date is 0 if it is unknown."""
    if reactions is None:
        return "", 0
    theirs = [one for one in reactions.recent_reactions or () if _author(one) == user_id]
    if theirs:
        return " ".join(_emoji(one.reaction) for one in theirs), max(one.date for one in theirs)
    if reactions.recent_reactions:
        return "", 0
    # Without a list of authors: a private chat has two people, and `chosen_order` marks our own reaction.
    counted = [one for one in reactions.results if one.count > (one.chosen_order is not None)]
    return " ".join(_emoji(one.reaction) for one in counted), 0


def _author(one: Any) -> int | None:
    return getattr(one.peer_id, "user_id", None)


def _emoji(reaction: Any) -> str:
    match reaction:
        case types.ReactionEmoji():
            return str(reaction.emoticon)
        case types.ReactionPaid():
            return "⭐"
        case types.ReactionCustomEmoji():
            return CUSTOM_EMOJI
        case _:
            return type(reaction).__name__
