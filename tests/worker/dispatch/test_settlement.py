"""What each outcome writes, and when the lead is due again."""

import pytest

from shared.database.engine import Database
from shared.errors import LostRaceError
from shared.intents import Intent
from shared.statuses import ALLOWED, LeadStatus
from tests.support.rows import (
    DEBOUNCE,
    NOW,
    add_leased,
    add_message,
    messages_of,
    moves_of,
    now_of,
    take_lease,
)
from tests.support.settling import FAILURES, SECOND, TALKING, S, free, queued, state, write
from worker.dispatch.settlement import SettlementResult
from worker.domain.outcomes import (
    ChangeStatus,
    Delivered,
    FallBackToPhone,
    GiveUp,
    NoReplyNeeded,
    NothingToDo,
    Outcome,
    PeerFound,
    QueueMessage,
    Retry,
)
from worker.domain.telegram_port import Peer
from worker.queue.leases import WorkerId


async def test_a_found_peer_is_stored_and_the_lead_stays_leased(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.PENDING, **FAILURES)
    peer = Peer(6_700_000_000 + me.account_id, -77)
    settled = await write(kept_database, me, lead, PeerFound(peer, "phone"))
    assert (settled.status, settled.due) == (S.RESOLVED, None)
    assert settled.lead is not None
    assert settled.lead.telegram_user_id == peer.user_id
    row = await now_of(kept_database, lead)
    assert (row.telegram_user_id, row.access_hash) == (peer.user_id, -77)
    assert (row.account_id, row.resolved_via) == (me.account_id, "phone")
    assert await state(kept_database, lead) == free(S.RESOLVED, due_at=NOW, leased_by=me.lease_name)
    assert await moves_of(kept_database, lead) == [(S.PENDING, S.RESOLVED, "found by phone")]


async def test_a_new_lead_after_a_finished_conversation_is_resolved(
    kept_database: Database, me: WorkerId
) -> None:
    first = await add_leased(kept_database, me, S.BOOKED)
    lead = await add_leased(kept_database, me, S.PENDING)
    await write(kept_database, me, lead, PeerFound(Peer(first.telegram_user_id or 0, 1), "username"))
    assert (await now_of(kept_database, lead)).status is S.RESOLVED


@pytest.mark.parametrize("status", [S.RESOLVED, S.CONTACTED, S.ENGAGED, S.SCHEDULED])
async def test_a_new_lead_joins_the_open_conversation_of_its_contact(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    first = await add_leased(kept_database, me, status)
    lead = await add_leased(kept_database, me, S.PENDING)
    settled = await write(
        kept_database, me, lead, PeerFound(Peer(first.telegram_user_id or 0, 1), "username")
    )
    assert settled == SettlementResult(None, None, S.HANDED_OFF)
    assert await state(kept_database, lead) == free(S.HANDED_OFF)
    assert (await now_of(kept_database, lead)).duplicate_of == first.id
    reason = f"the same person's conversation is open as lead {first.id}"
    assert await moves_of(kept_database, lead) == [(S.PENDING, S.HANDED_OFF, reason)]


async def test_a_status_may_change_without_a_message(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED, **FAILURES)
    settled = await write(kept_database, me, lead, ChangeStatus(S.CONTACTED, "was greeted before"))
    assert settled == SettlementResult(None, None, S.CONTACTED)
    assert await state(kept_database, lead) == free(S.CONTACTED)
    assert await moves_of(kept_database, lead) == [(S.RESOLVED, S.CONTACTED, "was greeted before")]


async def test_an_unknown_username_falls_back_to_the_phone(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.PENDING, phone_e164="+79161234567")
    settled = await write(kept_database, me, lead, FallBackToPhone("@anna: nobody has this username"))
    assert settled.lead is not None
    assert settled.lead.username_error == "@anna: nobody has this username"
    assert (await now_of(kept_database, lead)).username_error == settled.lead.username_error
    assert await moves_of(kept_database, lead) == []


async def test_a_username_that_cannot_be_written_to_falls_back_to_the_phone(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED, **FAILURES)
    settled = await write(kept_database, me, lead, FallBackToPhone("закрыто"))
    assert settled.lead is not None
    assert settled.status is S.PENDING
    assert await state(kept_database, lead) == free(S.PENDING, due_at=NOW, leased_by=me.lease_name)
    assert (await now_of(kept_database, lead)).username_error == "закрыто"
    assert await moves_of(kept_database, lead) == [(S.RESOLVED, S.PENDING, "закрыто")]


async def test_a_message_is_queued_before_it_is_sent(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED, **FAILURES)
    received = await add_message(kept_database, lead)
    message = QueueMessage("answer", f"{lead.id}:reply", "Ответ", S.ENGAGED, (received.id,), Intent.QUESTION)
    settled = await write(kept_database, me, lead, message)
    assert settled.lead is not None
    assert await state(kept_database, lead) == free(S.CONTACTED, due_at=NOW, leased_by=me.lease_name)
    theirs, ours = await messages_of(kept_database, lead)
    assert (theirs.state, theirs.intent) == ("handled", Intent.QUESTION)
    assert (ours.state, ours.text, ours.next_status) == ("queued", "Ответ", S.ENGAGED)


async def test_messages_that_need_no_reply_are_handled(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.SCHEDULED)
    received = await add_message(kept_database, lead)
    settled = await write(kept_database, me, lead, NoReplyNeeded((received.id,), Intent.ACCEPT))
    assert settled == SettlementResult(None, None, S.SCHEDULED)
    assert [message.state for message in await messages_of(kept_database, lead)] == ["handled"]
    assert await state(kept_database, lead) == free(S.SCHEDULED)


async def test_a_handled_message_clears_earlier_failures(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.SCHEDULED, **FAILURES)
    received = await add_message(kept_database, lead)
    await write(kept_database, me, lead, NoReplyNeeded((received.id,), Intent.ACCEPT))
    assert await state(kept_database, lead) == free(S.SCHEDULED)


@pytest.mark.parametrize("status", [S.RESOLVED, *TALKING])
@pytest.mark.parametrize("target", [None, S.CONTACTED, S.ENGAGED, S.SCHEDULED, S.REJECTED])
async def test_a_delivery_changes_the_status_only_if_the_transition_is_allowed(
    kept_database: Database, me: WorkerId, status: LeadStatus, target: LeadStatus | None
) -> None:
    lead = await add_leased(kept_database, me, status, **FAILURES)
    message = await queued(kept_database, lead, next_status=target)
    await write(kept_database, me, lead, Delivered(message.id, me.account_id * 1000 + 1, NOW))
    moves = target is not None and target in ALLOWED[status]
    assert await state(kept_database, lead) == free(target if moves and target else status)
    expected = [(status, target, "answer delivered")] if moves else []
    assert await moves_of(kept_database, lead) == expected
    (after,) = await messages_of(kept_database, lead)
    assert (after.state, after.telegram_message_id, after.sent_at) == ("sent", me.account_id * 1000 + 1, NOW)


async def test_a_delivery_without_a_telegram_message_id_is_recorded(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    message = await queued(kept_database, lead)
    await write(kept_database, me, lead, Delivered(message.id, None, NOW))
    (after,) = await messages_of(kept_database, lead)
    assert (after.state, after.telegram_message_id) == ("sent", None)


async def test_a_delivery_does_not_open_a_second_conversation(kept_database: Database, me: WorkerId) -> None:
    """The contact asked about an old request while their new request was being greeted."""
    old = await add_leased(kept_database, me, S.REJECTED)
    await add_leased(kept_database, me, S.CONTACTED, telegram_user_id=old.telegram_user_id)
    message = await queued(kept_database, old, next_status=S.ENGAGED)
    await write(kept_database, me, old, Delivered(message.id, me.account_id * 1000 + 1, NOW))
    assert await state(kept_database, old) == free(S.REJECTED)
    assert [one.state for one in await messages_of(kept_database, old)] == ["sent"]


async def test_nothing_to_do_releases_the_lead(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.CONTACTED)
    assert await write(kept_database, me, lead, NothingToDo()) == SettlementResult(None, None, S.CONTACTED)
    assert await state(kept_database, lead) == free(S.CONTACTED)


@pytest.mark.parametrize("status", TALKING)
async def test_a_message_that_arrived_meanwhile_is_due_after_its_debounce(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    """The message arrived while the verdict on earlier messages was requested or settled."""
    lead = await add_leased(kept_database, me, status)
    understood = await add_message(kept_database, lead)
    await add_message(kept_database, lead, created_at=NOW - SECOND)
    settled = await write(kept_database, me, lead, NoReplyNeeded((understood.id,), Intent.ACCEPT))
    assert settled.due == NOW - SECOND + DEBOUNCE
    assert await state(kept_database, lead) == free(status, due_at=settled.due)


async def test_a_message_after_its_debounce_is_answered_at_once(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    answer = await queued(kept_database, lead)
    await add_message(kept_database, lead, created_at=NOW - DEBOUNCE)
    settled = await write(kept_database, me, lead, Delivered(answer.id, None, NOW))
    assert settled.lead is not None
    assert (await now_of(kept_database, lead)).leased_by == me.lease_name


@pytest.mark.parametrize("holder", [None, "account-1/another"])
async def test_without_the_lease_nothing_is_written(
    kept_database: Database, me: WorkerId, holder: str | None
) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    message = await queued(kept_database, lead)
    await take_lease(kept_database, lead, holder)
    before = await state(kept_database, lead)
    outcomes: list[Outcome] = [
        Delivered(message.id, 1, NOW),
        QueueMessage("answer", f"{lead.id}:x", "Ещё", None),
        Retry("x"),
        GiveUp(S.FAILED, "x"),
        NothingToDo(),
    ]
    for outcome in outcomes:
        with pytest.raises(LostRaceError):
            await write(kept_database, me, lead, outcome)
    assert await state(kept_database, lead) == before
    assert await moves_of(kept_database, lead) == []
    assert [one.state for one in await messages_of(kept_database, lead)] == ["queued"]
