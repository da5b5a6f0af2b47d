"""Media of messages, with just enough fields for a client to tell the kinds apart."""

from typing import Literal, get_args

from pyrogram import raw
from pyrogram.raw.core import TLObject

Media = Literal["sticker", "voice", "video_note", "photo", "document", "location", "contact"]
KINDS: tuple[str, ...] = get_args(Media)

FILE_REFERENCE = b"sandbox"
_DC = 2
_SIZE = 2048


def sound(spoken: str) -> bytes:
    """Return the file of a voice message: the marker of an Ogg stream and the spoken text."""
    return b"OggS\0" + spoken.encode()


def media(kind: str, message_id: int, date: int, size: int = _SIZE) -> TLObject:
    """Return the MessageMedia of this kind; only spoken media have a file, of `size` bytes."""
    if kind == "photo":
        return _photo(message_id, date)
    if kind == "location":
        point = raw.types.GeoPoint(long=37.6173, lat=55.7558, access_hash=message_id)
        return raw.types.MessageMediaGeo(geo=point)
    if kind == "contact":
        return raw.types.MessageMediaContact(
            phone_number="79990000000", first_name="Контакт", last_name="", vcard="", user_id=0
        )
    return _document(kind, message_id, date, size)


def _photo(message_id: int, date: int) -> TLObject:
    photo = raw.types.Photo(
        id=message_id,
        access_hash=message_id,
        file_reference=FILE_REFERENCE,
        date=date,
        sizes=[raw.types.PhotoSize(type="x", w=640, h=480, size=_SIZE)],
        dc_id=_DC,
    )
    return raw.types.MessageMediaPhoto(photo=photo)


def _document(kind: str, message_id: int, date: int, size: int) -> TLObject:
    mime_type, attributes = _type_and_attributes(kind)
    document = raw.types.Document(
        id=message_id,
        access_hash=message_id,
        file_reference=FILE_REFERENCE,
        date=date,
        mime_type=mime_type,
        size=size,
        dc_id=_DC,
        attributes=attributes,
    )
    return raw.types.MessageMediaDocument(
        document=document,
        voice=kind == "voice" or None,
        video=kind == "video_note" or None,
        round=kind == "video_note" or None,
    )


def _type_and_attributes(kind: str) -> tuple[str, list[TLObject]]:
    if kind == "sticker":
        no_set = raw.types.InputStickerSetEmpty()
        sticker = raw.types.DocumentAttributeSticker(alt="👍", stickerset=no_set)
        return "image/webp", [raw.types.DocumentAttributeImageSize(w=512, h=512), sticker]
    if kind == "voice":
        return "audio/ogg", [raw.types.DocumentAttributeAudio(duration=3, voice=True)]
    if kind == "video_note":
        note = raw.types.DocumentAttributeVideo(duration=3.0, w=240, h=240, round_message=True)
        return "video/mp4", [note]
    return "application/pdf", [raw.types.DocumentAttributeFilename(file_name="document.pdf")]
