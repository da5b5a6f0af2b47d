"""Describes documents (files, stickers, voice and video messages) by their attributes. Pure."""

from typing import Any

from pyrogram import raw

from worker.domain.content_markers import clean, mark

types = raw.types


def document(file: Any) -> str:
    """Return the mark of a document; the attributes tell what it is."""
    attributes = getattr(file, "attributes", None) or []
    name = next(
        (one.file_name for one in attributes if isinstance(one, types.DocumentAttributeFilename)), None
    )
    for attribute in attributes:
        match attribute:
            case types.DocumentAttributeSticker() | types.DocumentAttributeCustomEmoji():
                return f"[{f'sticker {clean(attribute.alt)}'.strip()}]"
            case types.DocumentAttributeAudio():
                # Transcription finds voice and video messages by exactly these marks.
                return "[voice message]" if attribute.voice else mark("audio", _track(attribute) or name)
            case types.DocumentAttributeVideo() if attribute.round_message:
                return "[video message]"
            case _:
                continue
    if any(isinstance(one, types.DocumentAttributeAnimated) for one in attributes):
        return "[GIF]"
    if any(isinstance(one, types.DocumentAttributeVideo) for one in attributes):
        return mark("video", name)
    return mark("file", name)


def _track(audio: Any) -> str:
    return " — ".join(part for part in (clean(audio.performer), clean(audio.title)) if part)
