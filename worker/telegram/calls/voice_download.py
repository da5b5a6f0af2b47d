"""Downloads the audio of short voice and video messages over the worker's session."""

from typing import Any

from pyrogram import raw
from pyrogram.errors import SeeOther

from worker.domain.telegram_port import (
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.telegram.session.session import TelegramSession

MAX_SECONDS = 5 * 60
MAX_BYTES = 5 * 1024 * 1024
_CHUNK = 512 * 1024


async def download(session: TelegramSession, message_id: int) -> bytes | None:
    """Call messages.getMessages for a fresh file reference, then upload.getFile chunk by chunk.

    Returns None if the message is gone, too long, or refused; a file in another data centre is refused.
    """
    try:
        wanted = [raw.types.InputMessageID(id=message_id)]
        answer = await session.call(raw.functions.messages.GetMessages(id=wanted))
        document = next((found for one in answer.messages if (found := _voice_document(one))), None)
        return await _download_document(session, document) if document is not None else None
    except TelegramUnavailableError as error:
        # FILE_MIGRATE: the file is in another data centre, and stays there.
        if isinstance(error.__cause__, SeeOther):
            return None
        raise
    except (RateLimitedError, SessionRevokedError):
        raise
    except TelegramError:
        return None


def _voice_document(message: Any) -> Any | None:
    """Return the document of a voice or round video message, if it is short enough; None otherwise."""
    document: Any = getattr(getattr(message, "media", None), "document", None)
    for attribute in getattr(document, "attributes", ()):
        is_voice = isinstance(attribute, raw.types.DocumentAttributeAudio) and attribute.voice
        is_round = isinstance(attribute, raw.types.DocumentAttributeVideo) and attribute.round_message
        if (is_voice or is_round) and attribute.duration <= MAX_SECONDS:
            return document if 0 < document.size <= MAX_BYTES else None
    return None


async def _download_document(session: TelegramSession, document: Any) -> bytes | None:
    location = raw.types.InputDocumentFileLocation(
        id=document.id,
        access_hash=document.access_hash,
        file_reference=document.file_reference,
        thumb_size="",
    )
    audio = b""
    while len(audio) < document.size:
        query = raw.functions.upload.GetFile(location=location, offset=len(audio), limit=_CHUNK)
        chunk = getattr(await session.call(query), "bytes", b"")
        audio += chunk
        if len(chunk) < _CHUNK:
            break
    return audio if len(audio) == document.size else None
