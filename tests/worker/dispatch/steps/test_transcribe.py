"""What becomes of a voice message before it is answered."""

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


async def listen(
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
async def test_what_is_said_stands_in_its_place(text: str, expected: str) -> None:
    heard = await listen(text, World(sound=b"OggS"), Words())
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
async def test_what_cannot_be_heard_is_marked(world: World, words: Words) -> None:
    assert await listen("[voice message]", world, words) == Transcribed(2, "[voice message]", UNHEARD)
    assert not voice_notes.is_untranscribed(UNHEARD)
    assert voice_notes.is_only_voice(UNHEARD)


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (World(sound=TelegramUnavailableError("gone")), Words()),
        (World(sound=b"OggS"), Words(heard=AssistantUnavailableError("gone"))),
    ],
)
async def test_an_outage_is_waited_out_for_a_while(world: World, words: Words) -> None:
    with pytest.raises((TelegramUnavailableError, AssistantUnavailableError)):
        await listen("[voice message]", world, words, MODEL_TIMEOUT / 2)
    assert await listen("[voice message]", world, words, MODEL_TIMEOUT) == Transcribed(
        2, "[voice message]", UNHEARD
    )


async def test_words_are_not_listened_to() -> None:
    world = World()
    assert await listen("да", world, Words()) is None
    assert world.asked == []
