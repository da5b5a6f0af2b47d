"""Pure: describes a whole message in text, for the assistant and the operator.

See docs/develop/messages.md.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyrogram import raw

from worker.domain import content_markers
from worker.telegram.content import attachments, service
from worker.telegram.content.entities import hides_links, with_links
from worker.telegram.content.forwards import forward_mark
from worker.telegram.content.rich_text import rich_message

types = raw.types
log = logging.getLogger(__name__)

_NOBODY: Mapping[int, Any] = {}
_IN_ALBUM = re.compile(r"^\[(photo|video|audio|file|GIF)")


def describe(message: Any, users: Mapping[int, Any] = _NOBODY) -> str:
    """Return the message's text, or `[voice message]` and the like with its caption; never an empty text.

    A part that cannot be read is named by its type: no message is lost because of one field. `users`: the
    people of the update, by id.
    """
    parts = [_reply(message), _forward(message, users), _content(message), _text(message)]
    # PostgreSQL cannot store NUL in text.
    found = " ".join(part for part in parts if part).replace("\0", "").strip()
    return found or attachments.unknown(message)


def describe_service(message: Any) -> service.Service:
    """Describe a service message in the same way."""
    try:
        found = service.describe_action(message.action, out=bool(message.out))
    except Exception as error:  # noqa: BLE001 - see `describe`
        log.warning("a service message could not be read: %r", error)
        found = service.Service(attachments.unknown(message.action))
    text = " ".join(part for part in (_reply(message), found.text) if part).replace("\0", "")
    return replace(found, text=text)


def plain_text(message: Any) -> str:
    """Return the words of a message alone."""
    rich = message.rich_message
    return (rich_message(rich) if rich is not None else message.message) or ""


def holds_more_than_text(message: Any) -> bool:
    """Return True if the plain text is not the whole message."""
    has_media = message.media is not None and not isinstance(message.media, types.MessageMediaWebPage)
    return has_media or message.rich_message is not None or hides_links(message.entities)


def replied_to(message: Any) -> int | None:
    """Return the id of the message of this chat that is replied to, if the reply does not quote it."""
    header = message.reply_to
    is_plain = isinstance(header, types.MessageReplyHeader) and not header.quote_text
    return header.reply_to_msg_id if is_plain and header.reply_to_peer_id is None else None


def _reply(message: Any) -> str:
    header = message.reply_to
    if isinstance(header, types.MessageReplyStoryHeader):
        return "[reply to a story]"
    quote = getattr(header, "quote_text", None)
    return content_markers.reply(quote) if quote else ""


def _forward(message: Any, users: Mapping[int, Any]) -> str:
    try:
        return forward_mark(message, users)
    except Exception as error:  # noqa: BLE001 - see `describe`
        log.warning("the origin of a forwarded message could not be read: %r", error)
        return content_markers.forwarded()


def _content(message: Any) -> str:
    """Return the marks of everything but the text."""
    if message.rich_message is not None:
        return "[rich message]"
    media = message.media
    if media is None:
        return ""
    if isinstance(media, types.MessageMediaWebPage):
        return _page_link(media.webpage, message)
    try:
        described = attachments.attachment(media)
    except Exception as error:  # noqa: BLE001 - see `describe`
        log.warning("an attachment could not be read: %r", error)
        return attachments.unknown(media)
    return _IN_ALBUM.sub(r"[\1 of an album", described) if message.grouped_id is not None else described


def _text(message: Any) -> str:
    text = message.message or ""
    try:
        if message.rich_message is not None:
            return rich_message(message.rich_message) or text
        return with_links(text, message.entities)
    except Exception as error:  # noqa: BLE001 - see `describe`
        log.warning("a text could not be read: %r", error)
        return text


def _page_link(page: Any, message: Any) -> str:
    """Return the address of a link preview, if neither the text nor a hidden link shows it."""
    address = getattr(page, "url", None)
    if not address or message.message:
        return ""
    return content_markers.mark("link", address)
