"""A human who types in a person's chat takes it over; the worker's own words, come back, do not."""

from datetime import timedelta
from typing import Any

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.leads import handoff
from shared.statuses import Intent, LeadStatus, may_become
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import S, write
from worker.dispatch.steps.return_to_assistant import return_to_assistant
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, NoReplyNeeded, QueueMessage, ReturnToAssistant
from worker.domain.telegram_port import Outgoing
from worker.messaging import takeover_detection
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)
SAID = "Здравствуйте, это Мария, я вам отвечу"


def typed(me: WorkerId, lead: Lead, number: int = 1, text: str = SAID, at: timedelta = SECOND) -> Outgoing:
    return Outgoing(lead.telegram_user_id or 0, me.account_id * 1000 + number, text, NOW + at)


async def notice(
    database: Database,
    me: WorkerId,
    outgoing: Outgoing,
    returns_at: Any = None,  # noqa: ANN401
) -> Lead | None:
    async with database.writing() as session:
        return await takeover_detection.record_outgoing(
            session, me.account_id, outgoing, now=NOW, returns_at=returns_at
        )


async def ours(database: Database, lead: Lead, **fields: Any) -> None:  # noqa: ANN401
    await add_message(database, lead, direction="out", kind="answer", text="Наш  ответ\n", **fields)


@pytest.mark.parametrize("status", sorted(s for s in S if may_become(s, S.HANDED_OFF) and s is not S.PENDING))
async def test_the_conversation_is_theirs(kept_database: Database, me: WorkerId, status: LeadStatus) -> None:
    lead = await add_leased(kept_database, me, status)
    await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000)
    await ours(kept_database, lead, state="queued")
    assert await notice(kept_database, me, typed(me, lead)) is not None
    assert await notice(kept_database, me, typed(me, lead)) is None
    after = await now_of(kept_database, lead)
    assert (after.status, after.due_at) == (S.HANDED_OFF, None)
    assert (after.handoff_summary or "").splitlines()[-2:] == ["< Здравствуйте!", f"> {SAID}"]
    assert await moves_of(kept_database, lead) == [(status, S.HANDED_OFF, takeover_detection.REASON)]
    said = [(row.kind, row.state, row.intent) for row in await messages_of(kept_database, lead)]
    assert said == [("reply", "handled", None), ("answer", "cancelled", None), ("human", "sent", None)]


@pytest.mark.parametrize("state", ["queued", "sent", "cancelled"])
async def test_our_own_words_come_back(kept_database: Database, me: WorkerId, state: str) -> None:
    """Sent and not recorded: only the text tells whose it is, and Telegram has trimmed that."""
    lead = await add_leased(kept_database, me, S.CONTACTED)
    await ours(kept_database, lead, state=state)
    assert await notice(kept_database, me, typed(me, lead, text="Наш ответ")) is None
    assert (await now_of(kept_database, lead)).status is S.CONTACTED
    (row,) = await messages_of(kept_database, lead)
    arrived = (state, None) if state == "queued" else ("sent", me.account_id * 1000 + 1)
    assert (row.state, row.telegram_message_id) == arrived


async def test_a_known_number_is_ours_whatever_it_says_now(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    await ours(kept_database, lead, state="sent", telegram_message_id=me.account_id * 1000 + 1)
    assert await notice(kept_database, me, typed(me, lead)) is None
    assert (await now_of(kept_database, lead)).status is S.CONTACTED


async def test_words_to_strangers_and_from_before_are_none_of_ours(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    assert await notice(kept_database, me, Outgoing(1, 1, SAID, NOW)) is None
    assert await notice(kept_database, me, typed(me, lead, at=-10 * SECOND)) is None
    assert await messages_of(kept_database, lead) == []


async def test_what_the_owner_is_told_in_their_own_chat_is_no_takeover(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED, username="Owner_K")
    async with kept_database.writing() as session:
        told = typed(me, lead, text="Лид 17, Анна: согласие на звонок")
        noticed = await takeover_detection.record_outgoing(
            session, me.account_id, told, now=NOW, returns_at=None, owner_chat="owner_k"
        )
    assert noticed is None
    assert (await now_of(kept_database, lead)).status is S.CONTACTED


async def test_what_was_typed_in_the_second_of_the_request_counts(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED, created_at=NOW + timedelta(milliseconds=900))
    assert await notice(kept_database, me, typed(me, lead, at=0 * SECOND)) is not None


async def test_to_a_failed_lead_they_are_kept_and_change_nothing(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.FAILED)
    assert await notice(kept_database, me, typed(me, lead)) is not None
    assert [row.kind for row in await messages_of(kept_database, lead)] == ["human"]
    assert (await now_of(kept_database, lead)).status is S.FAILED


async def test_what_was_thought_of_before_is_not_said(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    letter = await add_message(kept_database, lead, telegram_message_id=me.account_id * 1000)
    await notice(kept_database, me, typed(me, lead))
    say = QueueMessage("answer", f"{lead.id}:reply", "Ответ", S.ENGAGED, (letter.id or 0,), Intent.QUESTION)
    for outcome in (say, NoReplyNeeded((letter.id or 0,), Intent.ACCEPT)):
        assert (await write(kept_database, me, lead, outcome)).status is S.HANDED_OFF
        async with kept_database.writing() as session:
            await session.merge(Lead(**lead.model_dump() | {"status": S.HANDED_OFF}))
    rows = [(row.kind, row.intent) for row in await messages_of(kept_database, lead)]
    assert rows == [("reply", None), ("human", None)]


async def test_what_was_on_its_way_is_recorded(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    message = await add_message(
        kept_database, lead, direction="out", kind="link", state="queued", next_status=S.SCHEDULED
    )
    await notice(kept_database, me, typed(me, lead))
    await write(kept_database, me, lead, Delivered(message.id or 0, me.account_id * 1000, NOW))
    assert (await now_of(kept_database, lead)).status is S.HANDED_OFF
    assert [row.state for row in await messages_of(kept_database, lead)] == ["sent", "sent"]


async def test_a_humans_queued_words_are_sent_at_once(kept_database: Database, me: WorkerId) -> None:
    """They were queued while the worker was still thinking of its own."""
    lead = await add_leased(kept_database, me, S.ENGAGED)
    async with kept_database.writing() as session:
        held = await handoff.lock(session, lead.id or 0)
        assert held is not None
        await handoff.hand_to_human(session, held, reason="on request", actor="api", now=NOW)
        await handoff.queue_human_message(session, held, SAID, key=f"{lead.id}:human:1", now=NOW)
    settled = await write(kept_database, me, lead, NoReplyNeeded((), Intent.ACCEPT))
    assert settled.lead is not None
    assert settled.lead.due_at == NOW


async def test_it_comes_back_when_the_time_is_over(kept_database: Database, me: WorkerId) -> None:
    lead, hour = await add_leased(kept_database, me, S.ENGAGED), timedelta(hours=1)
    await notice(kept_database, me, typed(me, lead), NOW + hour)
    await notice(kept_database, me, typed(me, lead, 2), NOW + 2 * hour)
    lead = await now_of(kept_database, lead)
    assert lead.due_at == lead.returns_at == NOW + 2 * hour
    early = return_to_assistant(Conversation(lead, ()), now=NOW + hour)
    assert (await write(kept_database, me, lead, early)).due == NOW + 2 * hour
    outcome = return_to_assistant(Conversation(lead, ()), now=NOW + 2 * hour)
    assert isinstance(outcome, ReturnToAssistant)
