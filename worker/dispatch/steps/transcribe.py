"""Listen to voice messages before they are answered, one at a time: each is paid for once."""

import logging
from datetime import datetime, timedelta

from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, AssistantError, AssistantUnavailableError
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Transcribed
from worker.domain.telegram_port import Telegram, TelegramUnavailableError

log = logging.getLogger(__name__)


async def transcribe(
    work: Conversation, telegram: Telegram, assistant: Assistant, *, now: datetime, patience: timedelta
) -> Transcribed | None:
    """The first that nobody has listened to; None if there is none.

    What cannot be fetched or understood is marked as not heard; so is, after `patience`, what nobody could be
    reached for.
    """
    for message in work.unanswered:
        number = message.telegram_message_id
        if number is None or not voice_notes.is_untranscribed(message.text):
            continue
        try:
            sound = await telegram.download_voice(number)
            words = await assistant.transcribe(sound) if sound else None
        except (AssistantUnavailableError, TelegramUnavailableError):
            if now - message.created_at < patience:
                raise
            words = None
        except AssistantError as error:
            log.warning("lead %s: a voice message is not heard: %s", work.id, error)
            words = None
        return Transcribed(message.id, message.text, voice_notes.add_transcript(message.text, words))
    return None
