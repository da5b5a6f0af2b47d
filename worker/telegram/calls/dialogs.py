"""Pure: reads the list of chats page by page: the newest message of each person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyrogram import raw

PAGE_SIZE = 100
# A bound on the calls of one round; older chats are reached by updates.
MAX_PAGES = 30


@dataclass(frozen=True)
class Page:
    """Where a page begins: after this message of this chat (core.telegram.org/api/offsets)."""

    date: int
    message_id: int
    peer: Any
    number: int = 1


FIRST_PAGE = Page(0, 0, raw.types.InputPeerEmpty())


def page_query(page: Page) -> Any:
    """Return messages.getDialogs for a page."""
    return raw.functions.messages.GetDialogs(
        offset_date=page.date,
        offset_id=page.message_id,
        offset_peer=page.peer,
        limit=PAGE_SIZE,
        hash=0,
    )


def newest_ids(answer: Any) -> dict[int, int]:
    """Return the newest message's id of each person on a page, by user id."""
    return {
        dialog.peer.user_id: dialog.top_message
        for dialog in getattr(answer, "dialogs", ())
        if isinstance(dialog, raw.types.Dialog) and isinstance(dialog.peer, raw.types.PeerUser)
    }


def unread_reactions(answer: Any) -> list[tuple[Any, int]]:
    """Return the people of a page, and how many of their reactions are unread."""
    counted = [
        (_input_peer(dialog.peer, answer), dialog.unread_reactions_count)
        for dialog in getattr(answer, "dialogs", ())
        if isinstance(dialog, raw.types.Dialog) and isinstance(dialog.peer, raw.types.PeerUser)
    ]
    return [(peer, count) for peer, count in counted if peer is not None]


def next_page(answer: Any, since: datetime, page: Page = FIRST_PAGE) -> Page | None:
    """Return the page after `page`; None if `answer` was the last one, or it reaches back to `since`."""
    on_page = getattr(answer, "dialogs", ())
    # The archive is one of them, as a folder.
    listed = [dialog for dialog in on_page if isinstance(dialog, raw.types.Dialog)]
    if len(on_page) < PAGE_SIZE or page.number >= MAX_PAGES:
        return None
    # The last chat that a query can name: it needs an access hash. Ids of messages repeat in other channels.
    dates = {_place(message.peer_id, message.id): getattr(message, "date", 0) for message in _dated(answer)}
    for dialog in reversed(listed):
        peer = _input_peer(dialog.peer, answer)
        date = dates.get(_place(dialog.peer, dialog.top_message), 0)
        if peer is not None and date:
            following = Page(date, dialog.top_message, peer, page.number + 1)
            has_moved = (date, dialog.top_message) != (page.date, page.message_id)
            return following if date >= since.timestamp() and has_moved else None
    return None


def _dated(answer: Any) -> list[Any]:
    return [message for message in answer.messages if getattr(message, "peer_id", None) is not None]


def _place(peer: Any, message_id: int) -> tuple[str, int]:
    """Return a key of a message: private chats and basic groups share their ids, channels do not."""
    channel = getattr(peer, "channel_id", None)
    return f"channel {channel}" if channel is not None else "", message_id


def _input_peer(peer: Any, answer: Any) -> Any:
    match peer:
        case raw.types.PeerUser():
            user = _accessible(answer.users, peer.user_id)
            return user and raw.types.InputPeerUser(user_id=user.id, access_hash=user.access_hash)
        case raw.types.PeerChat():
            return raw.types.InputPeerChat(chat_id=peer.chat_id)
        case _:
            chat = _accessible(answer.chats, peer.channel_id)
            return chat and raw.types.InputPeerChannel(channel_id=chat.id, access_hash=chat.access_hash)


def _accessible(known: list[Any], wanted: int) -> Any:
    """Return the user or channel of this id, if the account may address it; None otherwise."""
    found = (one for one in known if one.id == wanted and getattr(one, "access_hash", None) is not None)
    return next(found, None)
