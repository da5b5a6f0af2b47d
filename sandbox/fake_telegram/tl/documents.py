"""Files of messages: photos and documents, which clients tell apart by their attributes."""

from collections.abc import Sequence
from typing import Literal

from pyrogram import raw
from pyrogram.raw.core import TLObject

DocumentKind = Literal["sticker", "voice", "video_note", "document", "audio", "video", "gif"]
FILE_REFERENCE = b"sandbox"
_DC = 2
_PHOTO_SIZE = 2048
_TYPES = {
    "sticker": "image/webp",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video_note": "video/mp4",
    "video": "video/mp4",
    "gif": "video/mp4",
    "document": "application/pdf",
}


def sound(spoken: str) -> bytes:
    """Return the file of a voice message: the marker of an Ogg stream and the spoken text."""
    return b"OggS\0" + spoken.encode()


def photo(message_id: int, date: int, *, has_sizes: bool = True) -> TLObject:
    """Return a photo; one without sizes is what Telegram sends while it is still processed."""
    sizes = [raw.types.PhotoSize(type="x", w=640, h=480, size=_PHOTO_SIZE)]
    picture = raw.types.Photo(
        id=message_id,
        access_hash=message_id,
        file_reference=FILE_REFERENCE,
        date=date,
        sizes=sizes if has_sizes else [],
        dc_id=_DC,
    )
    return raw.types.MessageMediaPhoto(photo=picture)


def document(kind: str, message_id: int, date: int, size: int, details: Sequence[str] = ()) -> TLObject:
    """Return a document of this kind; the first of `details` is its name, or a sticker's emoji."""
    file = raw.types.Document(
        id=message_id,
        access_hash=message_id,
        file_reference=FILE_REFERENCE,
        date=date,
        mime_type=_TYPES[kind],
        size=size,
        dc_id=_DC,
        attributes=_attributes(kind, details[0] if details else None),
    )
    return raw.types.MessageMediaDocument(
        document=file,
        voice=kind == "voice" or None,
        video=kind in {"video", "video_note", "gif"} or None,
        round=kind == "video_note" or None,
    )


def _attributes(kind: str, name: str | None) -> list[TLObject]:
    if kind == "sticker":
        no_set = raw.types.InputStickerSetEmpty()
        sticker = raw.types.DocumentAttributeSticker(alt=name or "👍", stickerset=no_set)
        return [raw.types.DocumentAttributeImageSize(w=512, h=512), sticker]
    if kind == "voice":
        return [raw.types.DocumentAttributeAudio(duration=3, voice=True)]
    if kind == "video_note":
        return [raw.types.DocumentAttributeVideo(duration=3.0, w=240, h=240, round_message=True)]
    if kind == "document":
        return [raw.types.DocumentAttributeFilename(file_name=name or "document.pdf")]
    named = [raw.types.DocumentAttributeFilename(file_name=name)] if name else []
    if kind == "audio":
        return [raw.types.DocumentAttributeAudio(duration=180), *named]
    video = raw.types.DocumentAttributeVideo(duration=9.0, w=640, h=480)
    return [video, *([raw.types.DocumentAttributeAnimated()] if kind == "gif" else []), *named]
