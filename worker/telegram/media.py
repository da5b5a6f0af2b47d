"""Pure: describes a message that is not text in one line, for the assistant and the operator."""

from typing import Any

from pyrogram import raw


def describe(message: Any) -> str:
    """Return the message's text, or `[voice message]` and the like with its caption."""
    # PostgreSQL cannot store NUL in text.
    text = (message.message or "").replace("\0", "")
    if message.media is None or isinstance(message.media, raw.types.MessageMediaWebPage):
        return text
    return f"[{_kind(message.media)}] {text}".strip()


def _kind(media: Any) -> str:
    match media:
        case raw.types.MessageMediaPhoto():
            return "photo"
        case raw.types.MessageMediaContact():
            return "contact"
        case raw.types.MessageMediaGeo() | raw.types.MessageMediaGeoLive() | raw.types.MessageMediaVenue():
            return "location"
        case raw.types.MessageMediaPoll():
            return "poll"
        case raw.types.MessageMediaDice():
            return f"dice {media.emoticon}"
        case raw.types.MessageMediaDocument():
            return _document(media.document)
        case _:
            return "attachment"


def _document(document: Any) -> str:
    for attribute in getattr(document, "attributes", ()):
        match attribute:
            case raw.types.DocumentAttributeSticker():
                return f"sticker {attribute.alt}".strip()
            case raw.types.DocumentAttributeAudio():
                return "voice message" if attribute.voice else "audio"
            case raw.types.DocumentAttributeVideo():
                return "video message" if attribute.round_message else "video"
            case _:
                continue
    return "file"
