"""The reactions of people on messages."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.mailbox import Message


def reactions(one: Message) -> TLObject | None:
    """Return the reactions on a message; None if the person has never reacted to it."""
    if not one.has_reacted:
        return None
    if not one.reaction:
        return raw.types.MessageReactions(results=[], can_see_list=True)
    emoji = raw.types.ReactionEmoji(emoticon=one.reaction)
    author = raw.types.PeerUser(user_id=one.person_id)
    recent = raw.types.MessagePeerReaction(
        peer_id=author, date=one.reaction_date, reaction=emoji, unread=one.out or None
    )
    count = raw.types.ReactionCount(reaction=emoji, count=1)
    return raw.types.MessageReactions(results=[count], can_see_list=True, recent_reactions=[recent])
