"""Transcribes voice messages before the reply, one per step: each is paid for once."""

import logging
from datetime import datetime, timedelta

from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, AssistantError, AssistantUnavailableError
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Transcribed
from worker.domain.telegram_port import Telegram, TelegramUnavailableError

log = logging.getLogger(__name__)


async def transcribe(
    conversation: Conversation,
    telegram: Telegram,
    assistant: Assistant,
    *,
    now: datetime,
    model_timeout: timedelta,
) -> Transcribed | None:
    """Transcribe the first untranscribed voice message; returns None if there is none.

    A message that cannot be downloaded or understood is marked as not heard. The same happens if Telegram or
    the model stays unavailable for `model_timeout` after the message.
    """
    for message in conversation.unanswered:
        number = message.telegram_message_id
        if number is None or not voice_notes.is_untranscribed(message.text):
            continue
        try:
            audio = await telegram.download_voice(number)
            words = await assistant.transcribe(audio) if audio else None
        except (AssistantUnavailableError, TelegramUnavailableError):
            if now - message.created_at < model_timeout:
                raise
            words = None
        except AssistantError as error:
            log.warning("lead %s: a voice message is not heard: %s", conversation.id, error)
            words = None
        return Transcribed(message.id, message.text, voice_notes.add_transcript(message.text, words))
    return None
