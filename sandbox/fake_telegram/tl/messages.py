"""Converts messages and events to Telegram's messages and updates, as one account sees them."""

from base64 import b64decode
from io import BytesIO

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.mailbox import Chat, Event, Message
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.state.world import World
from sandbox.fake_telegram.tl.media import media, sound
from sandbox.fake_telegram.tl.peers import Peers, peers
from sandbox.fake_telegram.tl.reactions import reactions
from sandbox.fake_telegram.tl.rich_messages import rich_message
from sandbox.fake_telegram.tl.service import action


def message(account: Account, one: Message, *, edit_hide: bool = False) -> TLObject:
    """Return a message; only outgoing private messages have a sender, incoming ones come from the peer.

    A message in Saved Messages is not outgoing. `edit_hide`: only its reactions have changed.
    """
    common = {
        "id": one.id,
        "peer_id": raw.types.PeerUser(user_id=one.person_id),
        "date": one.date,
        "out": (one.out and one.person_id != account.id) or None,
        "from_id": raw.types.PeerUser(user_id=account.id) if one.out else None,
        "reply_to": _reply_to(account, one),
        "reactions": reactions(one),
    }
    attached = TLObject.read(BytesIO(b64decode(one.extras.tl))) if one.extras.tl else None
    if one.extras.service or type(attached).__name__.startswith("MessageAction"):
        done = attached or action(one.extras, one.id, one.date)
        return raw.types.MessageService(action=done, **common)
    return raw.types.Message(
        **common,
        message=one.text,
        media=attached or _media(one),
        entities=_links(one),
        grouped_id=one.extras.album,
        rich_message=rich_message(one.extras.rich) if one.extras.rich else None,
        edit_date=one.edit_date or (one.reaction_date if edit_hide else None),
        edit_hide=edit_hide or None,
        fwd_from=raw.types.MessageFwdHeader(date=one.date, from_name="Пётр") if one.forwarded else None,
    )


def _media(one: Message) -> TLObject | None:
    if one.media is None:
        return None
    return media(one.media, one.id, one.date, len(sound(one.spoken)), one.extras.details)


def _reply_to(account: Account, one: Message) -> TLObject | None:
    extras = one.extras
    if extras.to_story:
        owner = raw.types.PeerUser(user_id=account.id)
        return raw.types.MessageReplyStoryHeader(peer=owner, story_id=1)
    if extras.reply_to is None:
        return None
    return raw.types.MessageReplyHeader(
        reply_to_msg_id=extras.reply_to, quote=bool(extras.quote) or None, quote_text=extras.quote
    )


def _links(one: Message) -> list[TLObject] | None:
    """Return the links behind words; Telegram counts positions in UTF-16 code units."""
    found = [
        raw.types.MessageEntityTextUrl(
            offset=_units(one.text[: one.text.index(words)]), length=_units(words), url=address
        )
        for words, address in one.extras.links.items()
        if words in one.text
    ]
    return found or None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def update(account: Account, event: Event, chat: Chat) -> TLObject:
    """Return the update of an event, with its pts."""
    if event.change == "message":
        return raw.types.UpdateNewMessage(
            message=message(account, _message_of(event)), pts=event.pts, pts_count=1
        )
    if event.change == "edit":
        return raw.types.UpdateEditMessage(
            message=message(account, _message_of(event)), pts=event.pts, pts_count=1
        )
    if event.change == "reaction":
        reacted = message(account, _message_of(event), edit_hide=True)
        return raw.types.UpdateEditMessage(message=reacted, pts=event.pts, pts_count=1)
    if event.change == "delete":
        return raw.types.UpdateDeleteMessages(messages=[event.max_id], pts=event.pts, pts_count=1)
    who = raw.types.PeerUser(user_id=event.person_id)
    if event.change == "read_outbox":
        return raw.types.UpdateReadHistoryOutbox(peer=who, max_id=event.max_id, pts=event.pts, pts_count=1)
    return raw.types.UpdateReadHistoryInbox(
        peer=who, max_id=event.max_id, still_unread_count=chat.unread, pts=event.pts, pts_count=1
    )


def updates(world: World, account: Account, events: list[Event], *first: TLObject) -> TLObject:
    """Return the updates to push to a client, with the users and chats that they mention."""
    known = peers(world, account, {event.person_id for event in events})
    if any(event.message and event.message.extras.no_users for event in events):
        known = Peers([], [])
    told = [update(account, event, world.chat(account.id, event.person_id)) for event in events]
    return raw.types.Updates(
        updates=[*first, *told], users=known.users, chats=known.chats, date=world.now(), seq=0
    )


def reaction_update(event: Event) -> TLObject:
    """Return the update of a reaction that has no pts; Telegram sends it next to the one that has."""
    one = _message_of(event)
    return raw.types.UpdateMessageReactions(
        peer=raw.types.PeerUser(user_id=one.person_id),
        msg_id=one.id,
        reactions=reactions(one) or raw.types.MessageReactions(results=[]),
    )


def is_plain(event: Event) -> bool:
    """True for a new message that the short form can hold: a text without media or service."""
    one = event.message
    return event.change == "message" and one is not None and one.media is None and one.extras.is_empty


def short(event: Event) -> TLObject:
    """Return a new message without its sender; Kurigram then asks for the difference."""
    one = _message_of(event)
    return raw.types.UpdateShortMessage(
        id=one.id,
        user_id=one.person_id,
        message=one.text,
        pts=event.pts,
        pts_count=1,
        date=one.date,
        out=one.out or None,
    )


def dialog(chat: Chat, pts: int) -> TLObject:
    """Return a chat as an entry of the chat list."""
    return raw.types.Dialog(
        peer=raw.types.PeerUser(user_id=chat.person_id),
        top_message=chat.last.id if chat.last else 0,
        read_inbox_max_id=chat.read_inbox,
        read_outbox_max_id=chat.read_outbox,
        unread_count=chat.unread,
        unread_mentions_count=0,
        unread_reactions_count=len(chat.unread_reactions),
        unread_poll_votes_count=0,
        notify_settings=raw.types.PeerNotifySettings(),
        pts=pts,
    )


def _message_of(event: Event) -> Message:
    if event.message is None:
        raise ValueError(f"a {event.change} has no message")
    return event.message
