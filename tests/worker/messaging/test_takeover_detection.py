"""Tests that a message typed by a human takes the conversation over, and the worker's own messages do not."""

from datetime import timedelta
from typing import Any

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.intents import Intent
from shared.leads import handoff
from shared.statuses import LeadStatus, may_become
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import S, write
from worker.dispatch.steps.return_to_assistant import return_to_assistant
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, NoReplyNeeded, QueueMessage, ReturnToAssistant
from worker.domain.telegram_port import Outgoing
from worker.messaging import takeover_detection
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)
HUMAN_TEXT = "Здравствуйте, это Мария, я вам отвечу"


def typed(
    me: WorkerId, lead: Lead, offset: int = 1, text: str = HUMAN_TEXT, at: timedelta = SECOND
) -> Outgoing:
    return Outgoing(lead.telegram_user_id or 0, me.account_id * 1000 + offset, text, NOW + at)


async def record(
    database: Database,
    me: WorkerId,
    outgoing: Outgoing,
    returns_at: Any = None,  # noqa: ANN401
) -> Lead | None:
    async with database.writing() as session:
        return await takeover_detection.record_outgoing(
            session, me.account_id, outgoing, now=NOW, returns_at=returns_at
        )


async def add_own_answer(database: Database, lead: Lead, **fields: Any) -> None:  # noqa: ANN401
    await add_message(database, lead, direction="out", kind="answer", text="Наш  ответ\n", **fields)


@pytest.mark.parametrize("status", sorted(s for s in S if may_become(s, S.HANDED_OFF) and s is not S.PENDING))
async def test_typed_message_hands_the_conversation_to_the_human(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000)
    await add_own_answer(kept_database, lead, state="queued")
    assert await record(kept_database, me, typed(me, lead)) is not None
    assert await record(kept_database, me, typed(me, lead)) is None
    after = await now_of(kept_database, lead)
    assert (after.status, after.due_at) == (S.HANDED_OFF, None)
    assert (after.handoff_summary or "").splitlines()[-2:] == ["< Здравствуйте!", f"> {HUMAN_TEXT}"]
    assert await moves_of(kept_database, lead) == [(status, S.HANDED_OFF, takeover_detection.REASON)]
    rows = [(row.kind, row.state, row.intent) for row in await messages_of(kept_database, lead)]
    assert rows == [("reply", "handled", None), ("answer", "cancelled", None), ("human", "sent", None)]


@pytest.mark.parametrize("state", ["queued", "sent", "cancelled"])
async def test_own_message_reported_again_is_not_a_takeover(
    kept_database: Database, me: WorkerId, state: str
) -> None:
    """A message that was sent but not recorded is recognized by its text, which Telegram has trimmed."""
    lead = await add_leased(kept_database, me, S.CONTACTED)
    await add_own_answer(kept_database, lead, state=state)
    assert await record(kept_database, me, typed(me, lead, text="Наш ответ")) is None
    assert (await now_of(kept_database, lead)).status is S.CONTACTED
    (row,) = await messages_of(kept_database, lead)
    expected = (state, None) if state == "queued" else ("sent", me.account_id * 1000 + 1)
    assert (row.state, row.telegram_message_id) == expected


async def test_known_message_id_is_own_even_if_the_text_differs(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    await add_own_answer(kept_database, lead, state="sent", telegram_message_id=me.account_id * 1000 + 1)
    assert await record(kept_database, me, typed(me, lead)) is None
    assert (await now_of(kept_database, lead)).status is S.CONTACTED


async def test_messages_to_strangers_and_from_before_the_request_are_ignored(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    assert await record(kept_database, me, Outgoing(1, 1, HUMAN_TEXT, NOW)) is None
    assert await record(kept_database, me, typed(me, lead, at=-10 * SECOND)) is None
    assert await messages_of(kept_database, lead) == []


async def test_notice_in_the_owners_chat_is_not_a_takeover(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED, username="Owner_K")
    async with kept_database.writing() as session:
        outgoing = typed(me, lead, text="Лид 17, Анна: согласие на звонок")
        taken_over = await takeover_detection.record_outgoing(
            session, me.account_id, outgoing, now=NOW, returns_at=None, owner_chat="owner_k"
        )
    assert taken_over is None
    assert (await now_of(kept_database, lead)).status is S.CONTACTED


async def test_message_typed_in_the_second_of_the_request_is_a_takeover(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED, created_at=NOW + timedelta(milliseconds=900))
    assert await record(kept_database, me, typed(me, lead, at=0 * SECOND)) is not None


async def test_message_to_a_failed_lead_is_stored_and_changes_no_status(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.FAILED)
    assert await record(kept_database, me, typed(me, lead)) is not None
    assert [row.kind for row in await messages_of(kept_database, lead)] == ["human"]
    assert (await now_of(kept_database, lead)).status is S.FAILED


async def test_outcome_decided_before_the_takeover_is_dropped(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    incoming = await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000)
    await record(kept_database, me, typed(me, lead))
    answer = QueueMessage("answer", f"{lead.id}:reply", "Ответ", S.ENGAGED, (incoming.id,), Intent.QUESTION)
    for outcome in (answer, NoReplyNeeded((incoming.id,), Intent.ACCEPT)):
        assert (await write(kept_database, me, lead, outcome)).status is S.HANDED_OFF
        async with kept_database.writing() as session:
            await session.merge(Lead(**lead.model_dump() | {"status": S.HANDED_OFF}))
    rows = [(row.kind, row.intent) for row in await messages_of(kept_database, lead)]
    assert rows == [("reply", None), ("human", None)]


async def test_delivery_after_the_takeover_is_recorded(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    message = await add_message(
        kept_database, lead, direction="out", kind="link", state="queued", next_status=S.SCHEDULED
    )
    await record(kept_database, me, typed(me, lead))
    await write(kept_database, me, lead, Delivered(message.id, me.account_id * 1000, NOW))
    assert (await now_of(kept_database, lead)).status is S.HANDED_OFF
    assert [row.state for row in await messages_of(kept_database, lead)] == ["sent", "sent"]


async def test_queued_human_message_is_due_at_once(kept_database: Database, me: WorkerId) -> None:
    """The human queued it while the worker was still preparing its own outcome."""
    lead = await add_leased(kept_database, me, S.ENGAGED)
    async with kept_database.writing() as session:
        locked = await handoff.lock(session, lead.id)
        assert locked is not None
        await handoff.hand_to_human(session, locked, reason="on request", actor="api", now=NOW)
        await handoff.queue_human_message(session, locked, HUMAN_TEXT, key=f"{lead.id}:human:1", now=NOW)
    settled = await write(kept_database, me, lead, NoReplyNeeded((), Intent.ACCEPT))
    assert settled.lead is not None
    assert settled.lead.due_at == NOW


async def test_conversation_returns_when_the_takeover_ends(kept_database: Database, me: WorkerId) -> None:
    lead, hour = await add_leased(kept_database, me, S.ENGAGED), timedelta(hours=1)
    await record(kept_database, me, typed(me, lead), NOW + hour)
    await record(kept_database, me, typed(me, lead, 2), NOW + 2 * hour)
    lead = await now_of(kept_database, lead)
    assert lead.due_at == lead.returns_at == NOW + 2 * hour
    early = return_to_assistant(Conversation(lead, ()), now=NOW + hour)
    assert (await write(kept_database, me, lead, early)).due == NOW + 2 * hour
    outcome = return_to_assistant(Conversation(lead, ()), now=NOW + 2 * hour)
    assert isinstance(outcome, ReturnToAssistant)
