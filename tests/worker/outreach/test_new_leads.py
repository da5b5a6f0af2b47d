"""New conversations: whose turn it is, and which of several accounts begins them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from shared.database.engine import Database
from shared.database.models import Lead, TelegramAccount
from shared.statuses import LeadStatus
from tests.support.rows import LEASE, NOW, account_row, add_account, add_lead, add_message, now_of
from worker.accounts import account_state, flood_waits, usage
from worker.domain.outreach_policy import FRESH, Limits
from worker.outreach import new_leads
from worker.outreach.new_leads import CLOSED, GRACE, NO_ROOM, NO_WAY
from worker.queue import leases
from worker.queue.leases import ClaimRequest, WorkerId

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EASY = Limits(timedelta(), 9, timedelta())
CAREFUL = Limits(30 * SECOND, 9, timedelta())


@pytest.fixture
async def mine(database: Database) -> WorkerId:
    return await working(database)


async def working(database: Database, **fields: Any) -> WorkerId:  # noqa: ANN401
    """An account whose worker is there."""
    usual = {"held_by": "there", "held_until": NOW + 2 * DAY, "outreach_limit": 9}
    return WorkerId(await add_account(database, **usual | fields), "life1")


async def claim(
    database: Database, me: WorkerId, limits: Limits = EASY, *, at: timedelta = timedelta(), limit: int = 20
) -> list[int | None]:
    async with database.writing() as session:
        due = await new_leads.load_due_summary(session, me, now=NOW + at)
        opened = await new_leads.claim(session, ClaimRequest(me, NOW + at, LEASE), limits, due, limit=limit)
    return [lead.id for lead in opened.leads]


async def backlog(database: Database, number: int, **fields: Any) -> list[int | None]:  # noqa: ANN401
    usual = {"created_at": NOW - DAY, "due_at": NOW - HOUR}
    return [(await add_lead(database, **usual | fields)).id for _ in range(number)]


async def used(database: Database, me: WorkerId, *ages: timedelta) -> None:
    async with database.writing() as session:
        for age in ages:
            await usage.note(session, me.account_id, usage.NEW_CONVERSATIONS, now=NOW - age)


async def hold(database: Database, me: WorkerId, method: str, until: datetime) -> None:
    async with database.writing() as session:
        await flood_waits.put(session, me.account_id, method, until=until, reason="FLOOD_WAIT", now=NOW)


async def state(database: Database, lead_id: int | None) -> tuple[datetime | None, str | None]:
    lead = await now_of(database, Lead(id=lead_id))
    return lead.due_at, lead.last_error


async def test_a_fresh_visitor_goes_before_a_backlog(database: Database, mine: WorkerId) -> None:
    old = await backlog(database, 40)
    listed = await backlog(database, 2, source="import", created_at=NOW, due_at=NOW)
    first = await add_lead(database, created_at=NOW - MINUTE, due_at=NOW - MINUTE)
    last = await add_lead(database)
    assert await claim(database, mine, limit=3) == [last.id, first.id, old[0]]
    # One more old one would use what is kept for the fresh; of those from a list it is the same.
    rest = await claim(database, mine)
    assert rest == old[1:4]
    assert not set(listed) & set(rest)


async def test_whoever_waited_too_long_is_fresh_no_more(database: Database, mine: WorkerId) -> None:
    (old,) = await backlog(database, 1)
    stale = await add_lead(database, created_at=NOW - FRESH)
    assert await claim(database, mine) == [old, stale.id]


async def test_little_is_prepared_ahead(database: Database, mine: WorkerId) -> None:
    old = await backlog(database, 4)
    fresh = [(await add_lead(database, created_at=NOW - second * SECOND)).id for second in range(3)]
    assert await claim(database, mine, CAREFUL) == [*fresh[:2], *old[:2]]
    assert await claim(database, mine, CAREFUL) == []
    async with database.writing() as session:
        for number in (fresh[0], old[0]):
            lead = await session.get_one(Lead, number)
            lead.status, lead.due_at = LeadStatus.CONTACTED, None
            lead.leased_by = lead.leased_until = None
    assert await claim(database, mine, CAREFUL) == [fresh[2], old[2]]


async def test_nobody_is_taken_before_a_look_up_may_be(database: Database, mine: WorkerId) -> None:
    spaced = Limits(timedelta(), 9, 3 * SECOND)
    old = await backlog(database, 3)
    assert await claim(database, mine, spaced) == old[:1]
    # It has not begun its look-up: nobody else is in its way, but for somebody who still sits there.
    assert await claim(database, mine, spaced) == []
    fresh = await add_lead(database)
    assert await claim(database, mine, spaced) == [fresh.id]
    async with database.writing() as session:
        lookup = account_state.Lookup(usage.RESOLVE_USERNAME, None, 3 * SECOND)
        await account_state.reserve_lookups(session, mine.account_id, [lookup], now=NOW)
        await leases.release(session, mine, [old[0] or 0])
        due = await new_leads.load_due_summary(session, mine, now=NOW + SECOND)
        opened = await new_leads.claim(session, ClaimRequest(mine, NOW + SECOND, LEASE), spaced, due, limit=9)
    assert (opened.leads, opened.retry_at) == ([], NOW + 3 * SECOND)
    assert await state(database, old[1]) == (NOW - HOUR, None), "it only waits for its turn"
    assert await claim(database, mine, spaced, at=3 * SECOND) == old[:1]


async def test_when_the_hours_end_all_are_put_off_at_once(database: Database, mine: WorkerId) -> None:
    here = await backlog(database, 2)
    (east,) = await backlog(database, 1, phone="+79140000000", phone_e164="+79140000000")
    fresh = await add_lead(database)
    taken = await claim(database, mine, CAREFUL, limit=2)
    assert taken == [fresh.id, here[0]]

    def opens(lead: Lead, now: datetime) -> datetime | None:
        return now + (6 * HOUR if lead.phone_e164 else 12 * HOUR)

    async with database.writing() as session:
        await new_leads.postpone_outside_hours(session, mine, opens, now=NOW)
    assert await state(database, here[1]) == (NOW + 12 * HOUR, CLOSED)
    assert await state(database, east) == (NOW + 6 * HOUR, CLOSED)
    for number in taken:
        assert (await state(database, number))[1] is None, "in hand: its own step says when"


async def test_who_has_used_up_the_look_ups_by_username_waits_at_once(
    database: Database, mine: WorkerId
) -> None:
    async with database.writing() as session:
        await session.exec(update(TelegramAccount).values(resolve_limit=2))
        for hours in (1, 2):
            await usage.note(session, mine.account_id, usage.RESOLVE_USERNAME, now=NOW - hours * HOUR)
    old = await backlog(database, 2)
    assert await claim(database, mine) == []
    assert [await state(database, number) for number in old] == [(NOW + 22 * HOUR, NO_WAY)] * 2


async def test_what_nobody_has_room_for_waits_where_all_can_see(database: Database, mine: WorkerId) -> None:
    await used(database, mine, *(number * HOUR for number in range(1, 7)))
    old = await backlog(database, 3)
    fresh = await add_lead(database)
    assert await claim(database, mine) == [fresh.id]
    assert [await state(database, number) for number in old] == [(NOW + 18 * HOUR, NO_ROOM)] * 3
    assert (await account_row(database, mine.account_id)).no_room_until == NOW + 18 * HOUR
    assert await claim(database, mine, at=18 * HOUR) == [], "the fresh one has taken it"


async def test_leads_look_again_when_an_account_comes(database: Database, mine: WorkerId) -> None:
    await used(database, mine, *(number * HOUR for number in range(1, 10)))
    old = await backlog(database, 3)
    assert await claim(database, mine) == []
    other = await working(database)
    async with database.writing() as session:
        await new_leads.requeue_waiting_for_capacity(session, now=NOW + MINUTE)
    assert await claim(database, other, at=MINUTE) == old


@pytest.mark.parametrize("method", [usage.NEW_CONVERSATIONS, usage.SEND_MESSAGE])
async def test_a_held_account_leaves_new_leads_to_others(
    database: Database, mine: WorkerId, method: str
) -> None:
    other = await working(database)
    await hold(database, mine, method, NOW + DAY)
    old = await backlog(database, 2)
    assert await claim(database, mine) == []
    assert (await state(database, old[0]))[1] is None
    assert await claim(database, other) == old


async def test_after_a_refusal_one_goes_first(database: Database, mine: WorkerId) -> None:
    async with database.writing() as session:
        await account_state.block_outreach(session, mine.account_id, "PEER_FLOOD", now=NOW - DAY)
    old = await backlog(database, 3)
    assert await claim(database, mine) == old[:1]


async def test_the_account_with_most_room_takes_them(database: Database, mine: WorkerId) -> None:
    other = await working(database)
    await used(database, mine, HOUR)
    old = await backlog(database, 2, due_at=NOW)
    assert await claim(database, mine) == []
    assert await claim(database, other) == old
    # But if it does not, they are not left alone.
    late = await backlog(database, 1, due_at=NOW - GRACE)
    assert await claim(database, mine) == late


async def test_an_account_without_a_worker_has_no_room(database: Database, mine: WorkerId) -> None:
    await working(database, held_until=NOW)
    await working(database, state="needs_login")
    await used(database, mine, HOUR)
    old = await backlog(database, 1, due_at=NOW)
    assert await claim(database, mine) == old


async def test_whom_this_account_cannot_look_up_now_is_left_alone(database: Database, mine: WorkerId) -> None:
    await hold(database, mine, usage.RESOLVE_USERNAME, NOW + 18 * HOUR)
    (by_name,) = await backlog(database, 1)
    (by_phone,) = await backlog(database, 1, username=None, phone="+79161234501", phone_e164="+79161234501")
    assert await claim(database, mine) == [by_phone]
    assert await state(database, by_name) == (NOW + 18 * HOUR, NO_WAY)
    (by_name,) = await backlog(database, 1)
    other = await working(database)
    assert await claim(database, other, at=GRACE) == [by_name]


async def test_what_was_found_and_not_yet_written_to_takes_room(database: Database, mine: WorkerId) -> None:
    for person in range(6):
        found = await add_lead(
            database, status=LeadStatus.RESOLVED, account_id=mine.account_id, telegram_user_id=person + 1
        )
        if person == 0:
            await add_message(
                database, found, direction="out", kind="greeting", state="queued", released_at=NOW
            )
    assert len(await claim(database, mine, limit=20)) == 0
    old = await backlog(database, 3)
    assert await claim(database, mine) == old[:1]
