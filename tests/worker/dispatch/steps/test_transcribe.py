"""transcribe: a voice message is transcribed or marked before the reply."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.fakes import Words, World
from worker.dispatch.steps.transcribe import transcribe
from worker.domain import voice_notes
from worker.domain.assistant_port import AssistantError, AssistantUnavailableError
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Transcribed
from worker.domain.telegram_port import TelegramUnavailableError

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
MODEL_TIMEOUT = timedelta(minutes=10)
UNHEARD = "[voice message, not heard]"


async def run_transcribe(
    text: str, world: World, words: Words, waited: timedelta = timedelta(0)
) -> Transcribed | None:
    lead = Lead(id=17, name="Анна", source="api", status=LeadStatus.CONTACTED, extra={})
    message = Message(
        id=2,
        lead_id=17,
        direction="in",
        kind="reply",
        state="received",
        text=text,
        telegram_message_id=40,
        created_at=NOW - waited,
    )
    return await transcribe(Conversation(lead, [message]), world, words, now=NOW, model_timeout=MODEL_TIMEOUT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[voice message]", "[voice] да, давайте созвонимся"),
        ("[video message] вот", "[video] да, давайте созвонимся вот"),
    ],
)
async def test_the_transcript_replaces_the_mark(text: str, expected: str) -> None:
    heard = await run_transcribe(text, World(sound=b"OggS"), Words())
    assert heard == Transcribed(2, text, expected)
    assert not voice_notes.is_untranscribed(expected)
    assert voice_notes.strip_voice_mark(expected).startswith("да, давайте созвонимся")


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (World(sound=None), Words()),
        (World(sound=b"OggS"), Words(heard=" \0")),
        (World(sound=b"OggS"), Words(heard=AssistantError("no such model"))),
    ],
)
async def test_a_message_that_cannot_be_transcribed_is_marked(world: World, words: Words) -> None:
    assert await run_transcribe("[voice message]", world, words) == Transcribed(2, "[voice message]", UNHEARD)
    assert not voice_notes.is_untranscribed(UNHEARD)
    assert voice_notes.is_only_voice(UNHEARD)


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (World(sound=TelegramUnavailableError("gone")), Words()),
        (World(sound=b"OggS"), Words(heard=AssistantUnavailableError("gone"))),
    ],
)
async def test_an_outage_is_waited_for_until_the_timeout(world: World, words: Words) -> None:
    with pytest.raises((TelegramUnavailableError, AssistantUnavailableError)):
        await run_transcribe("[voice message]", world, words, MODEL_TIMEOUT / 2)
    assert await run_transcribe("[voice message]", world, words, MODEL_TIMEOUT) == Transcribed(
        2, "[voice message]", UNHEARD
    )


async def test_text_messages_are_not_transcribed() -> None:
    world = World()
    assert await run_transcribe("да", world, Words()) is None
    assert world.asked == []
