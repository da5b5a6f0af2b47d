"""New leads: the order of claiming, and which of several accounts claims them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from shared.database.engine import Database
from shared.database.models import Lead, TelegramAccount
from shared.statuses import LeadStatus
from tests.support.rows import LEASE, NOW, account_row, add_account, add_call, add_lead, add_message, now_of
from worker.accounts import account_state, flood_waits, quota_reservations, usage
from worker.domain.sending_limits import HOT_FOR, Limits
from worker.domain.wait_reasons import NO_CAPACITY, NO_LOOKUP_METHOD, OUTSIDE_HOURS
from worker.outreach import new_leads
from worker.outreach.fair_order import NEWER_FIRST, FairOrder
from worker.outreach.new_leads import GRACE
from worker.queue import leases
from worker.queue.leases import ClaimRequest, WorkerId

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO_GAPS = Limits(timedelta(), 9, timedelta())
WITH_GAP = Limits(30 * SECOND, 9, timedelta())


@pytest.fixture
async def mine(database: Database) -> WorkerId:
    return await add_working_account(database)


async def add_working_account(database: Database, **fields: Any) -> WorkerId:  # noqa: ANN401
    """Add an account that has a worker."""
    usual = {"held_by": "there", "held_until": NOW + 2 * DAY, "outreach_limit": 9}
    return WorkerId(await add_account(database, **usual | fields), "life1")


async def claim(
    database: Database,
    me: WorkerId,
    limits: Limits = NO_GAPS,
    *,
    at: timedelta = timedelta(),
    limit: int = 20,
    fair_order: FairOrder | None = None,
) -> list[int | None]:
    async with database.writing() as session:
        due = await new_leads.load_due_summary(session, me, now=NOW + at)
        request = ClaimRequest(me, NOW + at, LEASE)
        claimed = await new_leads.claim(session, request, limits, due, limit=limit, fair_order=fair_order)
    return [lead.id for lead in claimed.leads]


async def add_backlog(database: Database, number: int, **fields: Any) -> list[int | None]:  # noqa: ANN401
    usual = {"created_at": NOW - DAY, "due_at": NOW - HOUR}
    return [(await add_lead(database, **usual | fields)).id for _ in range(number)]


async def use_quota(database: Database, me: WorkerId, *ages: timedelta) -> None:
    async with database.writing() as session:
        for age in ages:
            await add_call(session, me.account_id, usage.NEW_CONVERSATIONS, at=NOW - age)


async def hold(database: Database, me: WorkerId, method: str, until: datetime) -> None:
    async with database.writing() as session:
        await flood_waits.set_hold(session, me.account_id, method, until=until, reason="FLOOD_WAIT", now=NOW)


async def state(database: Database, lead_id: int | None) -> tuple[datetime | None, str | None]:
    lead = await now_of(database, Lead(id=lead_id))
    return lead.due_at, lead.last_error


async def test_hot_leads_are_claimed_before_a_backlog(database: Database, mine: WorkerId) -> None:
    old = await add_backlog(database, 40)
    imported = await add_backlog(database, 2, source="import", created_at=NOW, due_at=NOW)
    first = await add_lead(database, created_at=NOW - MINUTE, due_at=NOW - MINUTE)
    last = await add_lead(database)
    assert await claim(database, mine, limit=3) == [last.id, first.id, old[0]]
    # A fourth old lead would use the slots reserved for hot leads. Imported leads are not hot.
    rest = await claim(database, mine)
    assert rest == old[1:4]
    assert not set(imported) & set(rest)


async def test_the_longest_waiting_visitor_is_not_starved(database: Database, mine: WorkerId) -> None:
    """New visitors arrive faster than they can be written to; each claim is one statement."""
    fair_order, many = FairOrder(), Limits(timedelta(), 900, timedelta())
    waiting = [(await add_lead(database, created_at=NOW - (20 - n) * SECOND)).id for n in range(5)]
    order: list[int | None] = []
    for second in range(12):
        await add_lead(database, created_at=NOW + second * SECOND, due_at=NOW)
        order += await claim(database, mine, many, at=second * SECOND, limit=1, fair_order=fair_order)
    turn = NEWER_FIRST + 1
    assert order[::turn] == waiting[:3], "every fourth place is the longest waiting visitor's"
    assert not set(order) & set(waiting[3:])
    assert all(number > waiting[-1] for place, number in enumerate(order) if place % turn)
    # Several places at once are shared in the same way.
    several = await claim(database, mine, many, at=MINUTE, limit=5, fair_order=fair_order)
    assert len(set(several) & set(waiting)) == 2


async def test_a_lead_is_not_hot_after_15_minutes(database: Database, mine: WorkerId) -> None:
    (old,) = await add_backlog(database, 1)
    stale = await add_lead(database, created_at=NOW - HOT_FOR)
    assert await claim(database, mine) == [old, stale.id]


async def test_few_leads_are_prepared_ahead(database: Database, mine: WorkerId) -> None:
    old = await add_backlog(database, 4)
    hot = [(await add_lead(database, created_at=NOW - second * SECOND)).id for second in range(3)]
    assert await claim(database, mine, WITH_GAP) == [*hot[:2], *old[:2]]
    assert await claim(database, mine, WITH_GAP) == []
    async with database.writing() as session:
        for number in (hot[0], old[0]):
            lead = await session.get_one(Lead, number)
            lead.status, lead.due_at = LeadStatus.CONTACTED, None
            lead.leased_by = lead.leased_until = None
    assert await claim(database, mine, WITH_GAP) == [hot[2], old[2]]


async def test_no_lead_is_claimed_before_its_look_up_is_allowed(database: Database, mine: WorkerId) -> None:
    spaced = Limits(timedelta(), 9, 3 * SECOND)
    old = await add_backlog(database, 3)
    assert await claim(database, mine, spaced) == old[:1]
    # Its look-up has not begun yet: no other cold lead is claimed meanwhile, but a hot one is.
    assert await claim(database, mine, spaced) == []
    hot = await add_lead(database)
    assert await claim(database, mine, spaced) == [hot.id]
    async with database.writing() as session:
        lookup = quota_reservations.Lookup(usage.RESOLVE_USERNAME, None, 3 * SECOND)
        await quota_reservations.reserve_lookups(session, mine.account_id, [lookup], now=NOW)
        await leases.release(session, mine, [old[0] or 0])
        due = await new_leads.load_due_summary(session, mine, now=NOW + SECOND)
        claimed = await new_leads.claim(
            session, ClaimRequest(mine, NOW + SECOND, LEASE), spaced, due, limit=9
        )
    assert (claimed.leads, claimed.retry_at) == ([], NOW + 3 * SECOND)
    assert await state(database, old[1]) == (NOW - HOUR, None), "it is due and only waits for its turn"
    assert await claim(database, mine, spaced, at=3 * SECOND) == old[:1]


async def test_after_the_hours_all_cold_leads_are_postponed_at_once(
    database: Database, mine: WorkerId
) -> None:
    here = await add_backlog(database, 2)
    (east,) = await add_backlog(database, 1, phone="+79140000000", phone_e164="+79140000000")
    hot = await add_lead(database)
    claimed = await claim(database, mine, WITH_GAP, limit=2)
    assert claimed == [hot.id, here[0]]

    def opens(lead: Lead, now: datetime) -> datetime | None:
        return now + (6 * HOUR if lead.phone_e164 else 12 * HOUR)

    async with database.writing() as session:
        await new_leads.postpone_outside_hours(session, mine, opens, now=NOW)
    assert await state(database, here[1]) == (NOW + 12 * HOUR, OUTSIDE_HOURS)
    assert await state(database, east) == (NOW + 6 * HOUR, OUTSIDE_HOURS)
    for number in claimed:
        assert (await state(database, number))[1] is None, "it is claimed: its own step postpones it"


async def test_leads_are_postponed_if_no_look_up_by_username_is_left(
    database: Database, mine: WorkerId
) -> None:
    async with database.writing() as session:
        await session.exec(update(TelegramAccount).values(resolve_limit=2))
        for hours in (1, 2):
            await add_call(session, mine.account_id, usage.RESOLVE_USERNAME, at=NOW - hours * HOUR)
    old = await add_backlog(database, 2)
    assert await claim(database, mine) == []
    assert [await state(database, number) for number in old] == [(NOW + 22 * HOUR, NO_LOOKUP_METHOD)] * 2


async def test_leads_beyond_all_capacity_are_postponed(database: Database, mine: WorkerId) -> None:
    await use_quota(database, mine, *(number * HOUR for number in range(1, 7)))
    old = await add_backlog(database, 3)
    hot = await add_lead(database)
    assert await claim(database, mine) == [hot.id]
    assert [await state(database, number) for number in old] == [(NOW + 18 * HOUR, NO_CAPACITY)] * 3
    assert (await account_row(database, mine.account_id)).no_room_until == NOW + 18 * HOUR
    assert await claim(database, mine, at=18 * HOUR) == [], "the hot lead has used the slot"


async def test_postponed_leads_are_requeued_when_an_account_connects(
    database: Database, mine: WorkerId
) -> None:
    await use_quota(database, mine, *(number * HOUR for number in range(1, 10)))
    old = await add_backlog(database, 3)
    assert await claim(database, mine) == []
    other = await add_working_account(database)
    async with database.writing() as session:
        await new_leads.requeue_waiting_for_capacity(session, now=NOW + MINUTE)
    assert await claim(database, other, at=MINUTE) == old


@pytest.mark.parametrize("method", [usage.NEW_CONVERSATIONS, usage.SEND_MESSAGE])
async def test_an_account_with_a_hold_leaves_new_leads_to_others(
    database: Database, mine: WorkerId, method: str
) -> None:
    other = await add_working_account(database)
    await hold(database, mine, method, NOW + DAY)
    old = await add_backlog(database, 2)
    assert await claim(database, mine) == []
    assert (await state(database, old[0]))[1] is None
    assert await claim(database, other) == old


async def test_after_a_peer_flood_one_lead_is_claimed_as_a_probe(database: Database, mine: WorkerId) -> None:
    async with database.writing() as session:
        await account_state.block_outreach(session, mine.account_id, "PEER_FLOOD", now=NOW - DAY)
    old = await add_backlog(database, 3)
    assert await claim(database, mine) == old[:1]


async def test_the_account_with_the_most_capacity_claims_first(database: Database, mine: WorkerId) -> None:
    other = await add_working_account(database)
    await use_quota(database, mine, HOUR)
    old = await add_backlog(database, 2, due_at=NOW)
    assert await claim(database, mine) == []
    assert await claim(database, other) == old
    # After a grace period the others may claim them too.
    late = await add_backlog(database, 1, due_at=NOW - GRACE)
    assert await claim(database, mine) == late


async def test_an_account_without_a_worker_has_no_capacity(database: Database, mine: WorkerId) -> None:
    await add_working_account(database, held_until=NOW)
    await add_working_account(database, state="needs_login")
    await use_quota(database, mine, HOUR)
    old = await add_backlog(database, 1, due_at=NOW)
    assert await claim(database, mine) == old


async def test_leads_are_postponed_that_no_account_can_look_up(database: Database, mine: WorkerId) -> None:
    await hold(database, mine, usage.RESOLVE_USERNAME, NOW + 18 * HOUR)
    (by_name,) = await add_backlog(database, 1)
    (by_phone,) = await add_backlog(
        database, 1, username=None, phone="+79161234501", phone_e164="+79161234501"
    )
    assert await claim(database, mine) == [by_phone]
    assert await state(database, by_name) == (NOW + 18 * HOUR, NO_LOOKUP_METHOD)
    (by_name,) = await add_backlog(database, 1)
    other = await add_working_account(database)
    assert await claim(database, other, at=GRACE) == [by_name]


async def test_resolved_leads_use_capacity_before_their_greeting(database: Database, mine: WorkerId) -> None:
    for person in range(6):
        found = await add_lead(
            database, status=LeadStatus.RESOLVED, account_id=mine.account_id, telegram_user_id=person + 1
        )
        if person == 0:
            await add_message(
                database, found, direction="out", kind="greeting", state="queued", released_at=NOW
            )
    assert len(await claim(database, mine, limit=20)) == 0
    old = await add_backlog(database, 3)
    assert await claim(database, mine) == old[:1]


WEAK_USERNAME = {"username": {"strength": "weak", "field": "Контакт", "reason": "a field for any contact"}}


async def test_a_lead_with_a_weak_username_waits_for_a_look_up_by_phone(
    database: Database, mine: WorkerId
) -> None:
    await hold(database, mine, usage.RESOLVE_PHONE, NOW + 18 * HOUR)
    phone = {"phone": "+79161234501", "phone_e164": "+79161234501"}
    (weak,) = await add_backlog(database, 1, **phone, contact_evidence=WEAK_USERNAME)
    (strong,) = await add_backlog(database, 1, **phone)
    (alone,) = await add_backlog(database, 1, contact_evidence=WEAK_USERNAME)
    (after_phone,) = await add_backlog(
        database, 1, **phone, contact_evidence=WEAK_USERNAME, phone_error="nobody"
    )
    assert await claim(database, mine) == [strong, alone, after_phone]
    assert await state(database, weak) == (NOW + 18 * HOUR, NO_LOOKUP_METHOD)


async def test_a_lead_with_a_weak_username_needs_no_look_up_by_username(
    database: Database, mine: WorkerId
) -> None:
    await hold(database, mine, usage.RESOLVE_USERNAME, NOW + 18 * HOUR)
    phone = {"phone": "+79161234501", "phone_e164": "+79161234501"}
    (weak,) = await add_backlog(database, 1, **phone, contact_evidence=WEAK_USERNAME)
    (after_phone,) = await add_backlog(
        database, 1, **phone, contact_evidence=WEAK_USERNAME, phone_error="nobody"
    )
    assert await claim(database, mine) == [weak]
    assert await state(database, after_phone) == (NOW + 18 * HOUR, NO_LOOKUP_METHOD)
