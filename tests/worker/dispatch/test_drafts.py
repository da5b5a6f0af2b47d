"""With MODE=drafts nothing is sent unseen, and a draft answers everything that was said."""

from dataclasses import replace

from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import Intent
from tests.support.rows import DEBOUNCE, NOW, POLICY, add_leased, add_message, messages_of, now_of, take_lease
from tests.support.settling import S
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.domain.outcomes import Outcome, QueueMessage
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox
from worker.queue.leases import WorkerId


async def write(database: Database, me: WorkerId, lead: Lead, outcome: Outcome) -> SettlementResult:
    policy = replace(POLICY, drafts=True)
    return await Settlement(database, me, policy).settle(lead, outcome, now=NOW)


async def answered(database: Database, me: WorkerId, lead: Lead, *letters: int) -> SettlementResult:
    key = f"{lead.id}:reply:{letters[-1]}"
    say = QueueMessage("answer", key, f"Ответ на {len(letters)}", S.ENGAGED, letters, Intent.QUESTION)
    return await write(database, me, lead, say)


async def receive(database: Database, me: WorkerId, lead: Lead, number: int) -> None:
    incoming = Incoming(lead.telegram_user_id or 0, me.account_id * 1000 + number, "А сроки?", NOW)
    async with database.writing() as session:
        await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)


async def test_a_greeting_waits(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED)
    settled = await write(
        kept_database, me, lead, QueueMessage("greeting", f"{lead.id}:greeting:1", "Привет", S.CONTACTED)
    )
    assert settled == SettlementResult(None, None, S.RESOLVED)
    (draft,) = await messages_of(kept_database, lead)
    assert (draft.state, draft.random_id) == ("draft", None)


async def test_new_words_replace_it(kept_database: Database, me: WorkerId) -> None:
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


async def test_words_that_came_while_it_was_written_are_answered_too(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    first = await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000 + 1)
    await receive(kept_database, me, lead, 2)
    settled = await answered(kept_database, me, lead, first.id)
    assert settled.due == NOW + DEBOUNCE
    assert [row.state for row in await messages_of(kept_database, lead)] == ["received"] * 2
