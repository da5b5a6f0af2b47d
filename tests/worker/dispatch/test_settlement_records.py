"""Settlements store the verdict and the usage of the model, and the reason of a handoff."""

from shared.database.engine import Database
from shared.intents import Intent
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of
from tests.support.settling import S, queued, state, write
from worker.domain.assistant_port import Greeting, Usage, Verdict
from worker.domain.outcomes import Delivered, NoReplyNeeded, QueueMessage
from worker.queue.leases import WorkerId

USAGE = Usage("gpt-4.1-mini", 2, 1480, 1280, 64, 0.00031, 940)
VERDICT = Verdict(
    Intent.QUESTION, "Ответ", "ru", 0.9, ("Мобильные приложения",), usage=USAGE, refused="it contains a link"
)
RECORD = {
    "confidence": 0.9,
    "facts": ["Мобильные приложения"],
    "refused": "it contains a link",
    "model": "gpt-4.1-mini",
    "model_calls": 2,
    "tokens_in": 1480,
    "tokens_cached": 1280,
    "tokens_out": 64,
    "cost_usd": 0.00031,
    "latency_ms": 940,
}


async def test_an_answer_stores_the_verdict_and_the_usage(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    asked = await add_message(kept_database, lead, text="А приложения?", state="received")
    message = QueueMessage(
        "answer", f"{lead.id}:r", "Ответ", S.ENGAGED, (asked.id,), Intent.QUESTION, source=VERDICT
    )
    await write(kept_database, me, lead, message)
    received, answer = await messages_of(kept_database, lead)
    assert {name: getattr(answer, name) for name in RECORD} == RECORD
    assert all(getattr(received, name) is None for name in RECORD)


async def test_a_greeting_stores_the_usage(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED)
    message = QueueMessage(
        "greeting", f"{lead.id}:g", "Здравствуйте!", S.CONTACTED, source=Greeting("Здравствуйте!", USAGE)
    )
    await write(kept_database, me, lead, message)
    (greeting,) = await messages_of(kept_database, lead)
    assert {name: getattr(greeting, name) for name in RECORD} == RECORD | {
        "confidence": None,
        "facts": None,
        "refused": None,
    }


async def test_without_an_answer_the_last_message_stores_the_verdict(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.SCHEDULED)
    said = [await add_message(kept_database, lead, text=text, state="received") for text in ("Ок", "спасибо")]
    answers = tuple(message.id for message in said)
    await write(kept_database, me, lead, NoReplyNeeded(answers, Intent.ACCEPT, source=VERDICT))
    first, last = await messages_of(kept_database, lead)
    assert (first.state, last.state, first.model) == ("handled", "handled", None)
    assert {name: getattr(last, name) for name in RECORD} == RECORD


async def test_a_handoff_event_stores_the_reason(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    message = await queued(kept_database, lead, next_status=S.HANDED_OFF, next_reason="сердится")
    await write(kept_database, me, lead, Delivered(message.id, 77, NOW))
    assert (await state(kept_database, lead))["status"] == S.HANDED_OFF
    assert await moves_of(kept_database, lead) == [(S.ENGAGED, S.HANDED_OFF, "сердится")]
