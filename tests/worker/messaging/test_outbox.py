"""The outbox: a random_id before sending, then the record of the result."""

from datetime import timedelta

from shared.database.engine import Database
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.rows import NOW, add_leased, add_message, messages_of
from worker.domain.outcomes import Delivered, QueueMessage
from worker.messaging import outbox
from worker.queue.leases import WorkerId


async def test_a_queued_message_has_a_random_id(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.CONTACTED)
    message_to_queue = QueueMessage(
        "answer", f"{lead.id}:reply:1", "Ответ", LeadStatus.ENGAGED, (1,), Intent.QUESTION
    )
    async with kept_database.writing() as session:
        await outbox.enqueue_all(session, [(lead, message_to_queue)], now=NOW)
    (message,) = await messages_of(kept_database, lead)
    assert 0 < (message.random_id or 0) < 2**63
    assert (message.state, message.direction, message.kind) == ("queued", "out", "answer")
    assert (message.key, message.text) == (message_to_queue.key, "Ответ")
    assert (message.intent, message.next_status) == (Intent.QUESTION, LeadStatus.ENGAGED)
    assert message.account_id == me.account_id
    assert (message.created_at, message.sent_at, message.released_at) == (NOW, None, None)


def test_random_ids_differ() -> None:
    assert len({outbox.new_random_id() for _ in range(1000)}) == 1000


async def test_a_transcript_is_ordered_and_of_one_lead(kept_database: Database, me: WorkerId) -> None:
    lead, other = [await add_leased(kept_database, me, LeadStatus.CONTACTED) for _ in range(2)]
    for text in ("раз", "два", "три"):
        await add_message(kept_database, lead, text=text)
        await add_message(kept_database, other)
    async with kept_database.reading() as session:
        found = (await outbox.transcripts(session, [lead.id]))[lead.id]
    assert [message.text for message in found] == ["раз", "два", "три"]


async def test_messages_are_recorded_as_sent_failed_or_cancelled(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.CONTACTED)
    sent, failed, queued, said = [
        await add_message(kept_database, lead, direction="out", kind="answer", state=state, error="раньше")
        for state in ("queued", "queued", "queued", "sent")
    ]
    later = NOW + timedelta(seconds=5)
    async with kept_database.writing() as session:
        recorded = await outbox.record_all_sent(session, [Delivered(sent.id, 77, later)])
        await outbox.record_failed(session, failed.id, "закрыто")
        await outbox.cancel_queued(session, lead.id, "передано")
    assert recorded == {sent.id: outbox.SentMessage("answer", None, None)}
    after = await messages_of(kept_database, lead)
    assert [(one.state, one.error) for one in after] == [
        ("sent", None),
        ("failed", "закрыто"),
        ("cancelled", "передано"),
        ("sent", "раньше"),
    ]
    assert (after[0].telegram_message_id, after[0].sent_at) == (77, later)
    assert [one.id for one in after] == [sent.id, failed.id, queued.id, said.id]


async def test_a_released_message_stores_the_time_of_its_release(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.RESOLVED)
    waiting, other = [
        await add_message(kept_database, lead, direction="out", kind="greeting", state="queued")
        for _ in range(2)
    ]
    async with kept_database.writing() as session:
        await outbox.mark_released(session, [waiting.id], now=NOW)
    found = {message.id: message.released_at for message in await messages_of(kept_database, lead)}
    assert found == {waiting.id: NOW, other.id: None}
