"""MODE=drafts: no message is sent without approval, and a draft answers all unanswered messages."""

from dataclasses import replace

from shared.database.engine import Database
from shared.database.models import Lead
from shared.intents import Intent
from tests.support.rows import DEBOUNCE, NOW, POLICY, add_leased, add_message, messages_of, now_of, take_lease
from tests.support.settling import S
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.domain.outcomes import Outcome, QueueMessage
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox
from worker.queue.leases import WorkerId


async def write(database: Database, me: WorkerId, lead: Lead, outcome: Outcome) -> SettlementResult:
    config = replace(POLICY, drafts=True)
    return await Settlement(database, me, config).settle(lead, outcome, now=NOW)


async def answered(database: Database, me: WorkerId, lead: Lead, *message_ids: int) -> SettlementResult:
    key = f"{lead.id}:reply:{message_ids[-1]}"
    message = QueueMessage(
        "answer", key, f"Ответ на {len(message_ids)}", S.ENGAGED, message_ids, Intent.QUESTION
    )
    return await write(database, me, lead, message)


async def receive(database: Database, me: WorkerId, lead: Lead, number: int) -> None:
    incoming = Incoming(lead.telegram_user_id or 0, me.account_id * 1000 + number, "А сроки?", NOW)
    async with database.writing() as session:
        await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)


async def test_a_greeting_is_stored_as_a_draft(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED)
    settled = await write(
        kept_database, me, lead, QueueMessage("greeting", f"{lead.id}:greeting:1", "Привет", S.CONTACTED)
    )
    assert settled == SettlementResult(None, None, S.RESOLVED)
    (draft,) = await messages_of(kept_database, lead)
    assert (draft.state, draft.random_id) == ("draft", None)


async def test_a_new_message_cancels_the_draft(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    first = await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000 + 1)
    assert (await answered(kept_database, me, lead, first.id)).due is None
    await receive(kept_database, me, lead, 2)
    rows = await messages_of(kept_database, lead)
    assert [(row.state, row.intent) for row in rows if row.direction == "in"] == [("received", None)] * 2
    assert [row.state for row in rows if row.direction == "out"] == ["cancelled"]
    assert (await now_of(kept_database, lead)).due_at is not None
    await take_lease(kept_database, lead, me.lease_name)
    await answered(kept_database, me, lead, *(row.id for row in rows if row.direction == "in"))
    *_, draft = await messages_of(kept_database, lead)
    assert (draft.state, draft.text) == ("draft", "Ответ на 2")


async def test_a_message_that_arrives_while_a_draft_is_composed_is_answered_too(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    first = await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000 + 1)
    await receive(kept_database, me, lead, 2)
    settled = await answered(kept_database, me, lead, first.id)
    assert settled.due == NOW + DEBOUNCE
    assert [row.state for row in await messages_of(kept_database, lead)] == ["received"] * 2
