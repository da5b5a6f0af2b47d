"""Methods for sending, reading and listing private messages."""

from math import inf

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.rpc.peer_access import is_self, person
from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.rpc.updates import state
from sandbox.fake_telegram.state import privacy
from sandbox.fake_telegram.state.channels import Channel
from sandbox.fake_telegram.state.mailbox import Chat, Event, Message
from sandbox.fake_telegram.tl import messages as tl
from sandbox.fake_telegram.tl.channels import channel_dialog, channel_message, channel_object
from sandbox.fake_telegram.tl.peers import Peers, peers
from sandbox.fake_telegram.tl.serialization import Result, objects

MAX_PAGE_SIZE = 100


@method("messages.SendMessage")
def send_message(context: Context, query: TLObject) -> Result:
    """Send a message; a repeated random_id never sends twice, to any peer."""
    if not query.random_id:
        raise RpcError(400, "RANDOM_ID_EMPTY")
    account, world = context.account, context.world
    mailbox = world.mailboxes[account.id]
    if (earlier := mailbox.sent.get(query.random_id)) is not None:
        return _repeated(context, earlier)
    privacy.check_text(query.message)
    if is_self(context, query.peer):
        own = {"random_id": query.random_id, "origin": context.session_id}
        return _sent(context, world.note(account, query.message, **own))
    who = person(context, query.peer)
    stars = query.allow_paid_stars or 0
    privacy.check_writable(who, mailbox.chat(who.id), context.server.settings.privacy_code, stars)
    if mailbox.chat(who.id).last is None:
        world.watches[account.id].first_message()
    event = world.send(account, who, query.message, random_id=query.random_id, origin=context.session_id)
    return _sent(context, event)


def _repeated(context: Context, earlier: Message) -> Result:
    on_repeat = context.server.settings.on_repeat
    if on_repeat == "first":
        pts = context.world.mailboxes[context.account.id].pts
        return _sent(context, Event(pts, "message", earlier.person_id, earlier))
    raise RpcError(400 if on_repeat == "error_400" else 500, "RANDOM_ID_DUPLICATE")


def _sent(context: Context, event: Event) -> Result:
    message = event.message
    if message is None:
        raise ValueError("a sent message is missing")
    if context.server.settings.send_answer == "updates":
        told = raw.types.UpdateMessageID(id=message.id, random_id=message.random_id)
        return tl.updates(context.world, context.account, [event], told)
    return raw.types.UpdateShortSentMessage(
        out=True, id=message.id, pts=event.pts, pts_count=1, date=message.date
    )


@method("messages.SetTyping")
def set_typing(context: Context, query: TLObject) -> Result:
    """Accept the call; tests find it in the call log."""
    return person(context, query.peer).id > 0


@method("messages.ReadHistory")
def read_history(context: Context, query: TLObject) -> Result:
    """Mark the person's messages as read."""
    who = person(context, query.peer)
    changed = context.world.read_by_account(context.account, who.id, query.max_id, context.session_id)
    pts = context.world.mailboxes[context.account.id].pts
    return raw.types.messages.AffectedMessages(pts=pts, pts_count=int(changed))


@method("messages.GetHistory")
def get_history(context: Context, query: TLObject) -> Result:
    """Return messages, newest first; min_id and max_id are exclusive, as in Telegram."""
    own = context.account.id
    chat = context.world.chat(own, own if is_self(context, query.peer) else person(context, query.peer).id)
    newest_first = list(reversed(chat.messages))
    start = sum(not _is_older(one, query) for one in newest_first) + query.add_offset
    limit = min(query.limit or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
    page = newest_first[max(start, 0) : max(start + limit, 0)]
    kept = [one for one in page if one.id > query.min_id and (not query.max_id or one.id < query.max_id)]
    return _messages(context, kept, len(newest_first))


def _is_older(message: Message, query: TLObject) -> bool:
    by_id = not query.offset_id or message.id < query.offset_id
    return by_id and (not query.offset_date or message.date < query.offset_date)


def _messages(context: Context, found: list[Message], count: int) -> Result:
    known = peers(context.world, context.account, {one.person_id for one in found})
    told = [tl.message(context.account, one) for one in found]
    if len(told) == count:
        return raw.types.messages.Messages(messages=told, topics=[], chats=known.chats, users=known.users)
    return raw.types.messages.MessagesSlice(
        count=count, messages=told, topics=[], chats=known.chats, users=known.users
    )


@method("messages.GetMessages")
def get_messages(context: Context, query: TLObject) -> Result:
    """Return messages by id from any chat; unknown ids are left out."""
    chats = context.world.mailboxes[context.account.id].chats.values()
    by_id = {one.id: one for chat in chats for one in chat.messages}
    wanted = [getattr(one, "id", 0) for one in objects(query.id)]
    found = [by_id[one] for one in wanted if one in by_id]
    return _messages(context, found, len(found))


@method("messages.GetUnreadReactions")
def get_unread_reactions(context: Context, query: TLObject) -> Result:
    """Return the account's messages that the person has reacted to, newest first."""
    chat = context.world.chat(context.account.id, person(context, query.peer).id)
    found = list(reversed(chat.unread_reactions))[: min(query.limit, MAX_PAGE_SIZE)]
    return _messages(context, found, len(found))


@method("messages.ReadReactions")
def read_reactions(context: Context, query: TLObject) -> Result:
    """Mark the person's reactions as read."""
    chat = context.world.chat(context.account.id, person(context, query.peer).id)
    for message in chat.unread_reactions:
        message.reaction_is_read = True
    pts = context.world.mailboxes[context.account.id].pts
    return raw.types.messages.AffectedHistory(pts=pts, pts_count=0, offset=0)


@method("messages.GetDialogs")
def get_dialogs(context: Context, query: TLObject) -> Result:
    """Return the chats with messages, newest first; the archive is the first entry."""
    chats = [chat for chat in context.world.mailboxes[context.account.id].chats.values() if chat.last]
    entries: list[Chat | Channel] = [*chats, *context.world.channels.of(context.account.id)]
    page = sorted((one for one in entries if _place(one) < _offset(query)), key=_place, reverse=True)
    limit = query.limit or MAX_PAGE_SIZE
    if query.offset_date or not chats:
        return _list_of_chats(context, page[:limit])
    return _list_of_chats(context, page[: limit - 1], _archive(chats[0]))


def _archive(chat: Chat) -> TLObject:
    newest = chat.messages[-1].id
    unread = ("muted_peers", "unmuted_peers", "muted_messages", "unmuted_messages")
    return raw.types.DialogFolder(
        folder=raw.types.Folder(id=1, title="Archive"),
        peer=raw.types.PeerUser(user_id=chat.person_id),
        top_message=newest,
        **{f"unread_{one}_count": 0 for one in unread},
    )


def _place(entry: Chat | Channel) -> tuple[int, int]:
    """Return the date and the id of the newest message."""
    if isinstance(entry, Channel):
        return entry.date, entry.pts
    return (entry.last.date, entry.last.id) if entry.last else (0, 0)


def _offset(query: TLObject) -> tuple[float, float]:
    return query.offset_date or inf, query.offset_id or inf


def _list_of_chats(context: Context, page: list[Chat | Channel], *folders: TLObject) -> Result:
    account, world = context.account, context.world
    _, _, known = _dialogs(context, [one for one in page if isinstance(one, Chat)])
    channels = [one for one in page if isinstance(one, Channel)]
    pts = world.mailboxes[account.id].pts
    return raw.types.messages.Dialogs(
        dialogs=[
            *folders,
            *(channel_dialog(one) if isinstance(one, Channel) else tl.dialog(one, pts) for one in page),
        ],
        messages=[_newest_message(context, one) for one in page],
        chats=[
            *known.chats,
            *(channel_object(one, world.access_hash(account.id, one.id)) for one in channels),
        ],
        users=known.users,
    )


def _newest_message(context: Context, entry: Chat | Channel) -> TLObject:
    if isinstance(entry, Channel):
        return channel_message(entry, "")
    return tl.message(context.account, entry.messages[-1])


@method("messages.GetPeerDialogs")
def get_peer_dialogs(context: Context, query: TLObject) -> Result:
    """Return the chats with the given people."""
    named = [one.peer for one in objects(query.peers) if hasattr(one, "peer")]
    chats = [
        context.world.chat(context.account.id, person(context, peer).id)
        for peer in named
        if not is_self(context, peer)
    ]
    dialogs, messages, known = _dialogs(context, chats)
    return raw.types.messages.PeerDialogs(
        dialogs=dialogs,
        messages=messages,
        chats=known.chats,
        users=known.users,
        state=state(context),
    )


def _dialogs(context: Context, chats: list[Chat]) -> tuple[list[TLObject], list[TLObject], Peers]:
    pts = context.world.mailboxes[context.account.id].pts
    dialogs = [tl.dialog(chat, pts) for chat in chats]
    lasts = [tl.message(context.account, chat.last) for chat in chats if chat.last]
    return dialogs, lasts, peers(context.world, context.account, {chat.person_id for chat in chats})
