"""Settlements of failures: waits, retries, undeliverable messages, giving up."""

from datetime import timedelta
from typing import Any

import pytest

from shared.database.engine import Database
from shared.statuses import ALLOWED, LeadStatus
from tests.support.rows import NOW, add_leased, messages_of, moves_of, now_of, take_lease
from tests.support.settling import SECOND, TALKING, S, free, queued, state, write
from worker.dispatch.settlement import SettlementResult
from worker.domain.outcomes import GiveUp, Retry, Undeliverable, Wait
from worker.queue.leases import WorkerId


async def test_an_undeliverable_greeting_by_username_falls_back_to_the_phone(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED, resolved_via="username", phone_e164="+79161234567")
    message = await queued(kept_database, lead, kind="greeting")
    settled = await write(kept_database, me, lead, Undeliverable(message.id, "закрыто"))
    assert settled.status is S.PENDING
    assert settled.lead is not None
    assert (await now_of(kept_database, lead)).username_error == "закрыто"
    (after,) = await messages_of(kept_database, lead)
    assert (after.state, after.error) == ("failed", "закрыто")


@pytest.mark.parametrize("via", [("username", None), ("phone", "+79161234567")])
async def test_an_undeliverable_greeting_without_another_contact_is_unreachable(
    kept_database: Database, me: WorkerId, via: tuple[str, str | None]
) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED, resolved_via=via[0], phone_e164=via[1])
    message = await queued(kept_database, lead, kind="greeting")
    settled = await write(kept_database, me, lead, Undeliverable(message.id, "закрыто"))
    assert settled == SettlementResult(None, None, S.UNREACHABLE)
    assert await state(kept_database, lead) == free(S.UNREACHABLE, last_error="закрыто")
    assert await moves_of(kept_database, lead) == [(S.RESOLVED, S.UNREACHABLE, "закрыто")]


@pytest.mark.parametrize("status", TALKING)
async def test_an_undeliverable_answer_ends_the_conversation(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    first, _ = [await queued(kept_database, lead) for _ in range(2)]
    await write(kept_database, me, lead, Undeliverable(first.id, "заблокировали"))
    target = S.FAILED if S.FAILED in ALLOWED[status] else S.HANDED_OFF
    assert await state(kept_database, lead) == free(target, last_error="заблокировали")
    states = [message.state for message in await messages_of(kept_database, lead)]
    assert states == ["failed", "cancelled"]


async def test_a_wait_costs_no_attempt(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.PENDING, attempts=2, lost_leases=1)
    settled = await write(kept_database, me, lead, Wait(timedelta(hours=3), "Telegram asks to wait"))
    due = NOW + timedelta(hours=3)
    assert settled == SettlementResult(None, due, S.PENDING)
    expected = free(S.PENDING, due_at=due, attempts=2, last_error="Telegram asks to wait")
    assert await state(kept_database, lead) == expected


async def test_a_wait_of_zero_keeps_the_lease(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.PENDING)
    settled = await write(kept_database, me, lead, Wait(timedelta(), "уже можно"))
    assert settled.lead is not None
    assert (await now_of(kept_database, lead)).leased_by == me.lease_name


@pytest.mark.parametrize("status", [S.PENDING, S.RESOLVED, *TALKING])
async def test_attempts_are_counted_and_limited(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await queued(kept_database, lead)
    for attempt in (1, 2):
        await take_lease(kept_database, lead, me.lease_name)
        settled = await write(kept_database, me, lead, Retry("не вышло"))
        assert settled.due is not None
        assert timedelta(0) < settled.due - NOW <= SECOND * 2**attempt
        expected = free(status, due_at=settled.due, attempts=attempt, last_error="не вышло")
        assert await state(kept_database, lead) == expected
    await take_lease(kept_database, lead, me.lease_name)
    await write(kept_database, me, lead, Retry("не вышло"))
    # After the booking link a lead cannot fail any more: it goes to a human.
    target = S.FAILED if S.FAILED in ALLOWED[status] else S.HANDED_OFF
    reason = "after 3 attempts: не вышло"
    assert await state(kept_database, lead) == free(target, last_error=reason)
    assert await moves_of(kept_database, lead) == [(status, target, reason)]
    assert [message.state for message in await messages_of(kept_database, lead)] == ["cancelled"]


@pytest.mark.parametrize("to", [S.UNREACHABLE, S.FAILED])
@pytest.mark.parametrize("status", [S.PENDING, S.RESOLVED])
async def test_giving_up_ends_the_lead_and_cancels_its_messages(
    kept_database: Database,
    me: WorkerId,
    status: LeadStatus,
    to: Any,  # noqa: ANN401
) -> None:
    lead = await add_leased(kept_database, me, status)
    await queued(kept_database, lead)
    settled = await write(kept_database, me, lead, GiveUp(to, "никого нет"))
    assert settled == SettlementResult(None, None, to)
    assert await state(kept_database, lead) == free(to, last_error="никого нет")
    assert await moves_of(kept_database, lead) == [(status, to, "никого нет")]
    assert [message.state for message in await messages_of(kept_database, lead)] == ["cancelled"]


@pytest.mark.parametrize("status", [S.HANDED_OFF, S.UNREACHABLE, S.FAILED])
async def test_a_finished_lead_keeps_its_status_when_given_up(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status)
    await write(kept_database, me, lead, GiveUp(S.FAILED, "снова"))
    assert (await now_of(kept_database, lead)).status is status
    assert await moves_of(kept_database, lead) == []
