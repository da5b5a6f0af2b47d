"""Converts messages and events to Telegram's messages and updates, as one account sees them."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.mailbox import Chat, Event, Message
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.state.world import World
from sandbox.fake_telegram.tl.media import media, sound
from sandbox.fake_telegram.tl.peers import peers


def message(account: Account, one: Message) -> TLObject:
    """Return a message; only outgoing private messages have a sender, incoming ones come from the peer.

    A message in Saved Messages is not outgoing.
    """
    out = one.out and one.person_id != account.id
    return raw.types.Message(
        id=one.id,
        peer_id=raw.types.PeerUser(user_id=one.person_id),
        date=one.date,
        message=one.text,
        out=out or None,
        from_id=raw.types.PeerUser(user_id=account.id) if one.out else None,
        media=media(one.media, one.id, one.date, len(sound(one.spoken))) if one.media else None,
        edit_date=one.edit_date,
        fwd_from=raw.types.MessageFwdHeader(date=one.date, from_name="Пётр") if one.forwarded else None,
    )


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
    told = [update(account, event, world.chat(account.id, event.person_id)) for event in events]
    return raw.types.Updates(
        updates=[*first, *told], users=known.users, chats=known.chats, date=world.now(), seq=0
    )


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
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=raw.types.PeerNotifySettings(),
        pts=pts,
    )


def _message_of(event: Event) -> Message:
    if event.message is None:
        raise ValueError(f"a {event.change} has no message")
    return event.message
