"""Pure: reads the list of chats page by page: the newest message of each person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyrogram import raw

PAGE_SIZE = 100


@dataclass(frozen=True)
class Page:
    """Where a page begins: after this message of this chat (core.telegram.org/api/offsets)."""

    date: int
    message_id: int
    peer: Any


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


def next_page(answer: Any, since: datetime) -> Page | None:
    """Return where the next page begins; None if this was the last one, or it reaches back to `since`."""
    listed = [dialog for dialog in getattr(answer, "dialogs", ()) if isinstance(dialog, raw.types.Dialog)]
    if len(listed) < PAGE_SIZE:
        return None
    # The last chat that a query can name: it needs an access hash.
    dates = {message.id: getattr(message, "date", 0) for message in answer.messages}
    for dialog in reversed(listed):
        peer, date = _input_peer(dialog.peer, answer), dates.get(dialog.top_message, 0)
        if peer is not None and date:
            return Page(date, dialog.top_message, peer) if date >= since.timestamp() else None
    return None


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
