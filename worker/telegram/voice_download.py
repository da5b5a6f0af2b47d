"""Fetches the sound of short voice and video messages over the worker's own session."""

from typing import Any

from pyrogram import raw

from worker.domain.telegram_port import (
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.telegram.session import TelegramSession

LONGEST_SECONDS = 5 * 60
MOST_BYTES = 5 * 1024 * 1024
_CHUNK = 512 * 1024


async def fetch(session: TelegramSession, message_id: int) -> bytes | None:
    """messages.getMessages for a fresh file reference, then upload.getFile piece by piece.

    None for what is gone, too long, or refused: a file in another data centre is one of these.
    """
    try:
        wanted = [raw.types.InputMessageID(id=message_id)]
        answer = await session.call(raw.functions.messages.GetMessages(id=wanted))
        document = next((found for one in answer.messages if (found := _spoken(one))), None)
        return await _download(session, document) if document is not None else None
    except (RateLimitedError, SessionRevokedError, TelegramUnavailableError):
        raise
    except TelegramError:
        return None


def _spoken(message: Any) -> Any | None:
    """The document behind a voice or a round video message, if it is short enough."""
    document: Any = getattr(getattr(message, "media", None), "document", None)
    for attribute in getattr(document, "attributes", ()):
        is_voice = isinstance(attribute, raw.types.DocumentAttributeAudio) and attribute.voice
        is_round = isinstance(attribute, raw.types.DocumentAttributeVideo) and attribute.round_message
        if (is_voice or is_round) and attribute.duration <= LONGEST_SECONDS:
            return document if 0 < document.size <= MOST_BYTES else None
    return None


async def _download(session: TelegramSession, document: Any) -> bytes | None:
    place = raw.types.InputDocumentFileLocation(
        id=document.id,
        access_hash=document.access_hash,
        file_reference=document.file_reference,
        thumb_size="",
    )
    sound = b""
    while len(sound) < document.size:
        query = raw.functions.upload.GetFile(location=place, offset=len(sound), limit=_CHUNK)
        piece = getattr(await session.call(query), "bytes", b"")
        sound += piece
        if len(piece) < _CHUNK:
            break
    return sound if len(sound) == document.size else None
