"""The account's row, and the pace it keeps over restarts."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.db import Database
from shared.models import TelegramAccount
from shared.status import LeadStatus
from tests.worker.rows import NOW, account_row, add_account, add_leased, add_message
from worker import account
from worker.queue import Me

SECOND = timedelta(seconds=1)
GAP = 30 * SECOND
MOSCOW = ZoneInfo("Europe/Moscow")
KAMCHATKA = ZoneInfo("Asia/Kamchatka")


async def row(database: Database, me: Me) -> TelegramAccount:
    return await account_row(database, me.account_id)


async def outreach(
    database: Database, me: Me, now: datetime, *, most: int = 30, zone: ZoneInfo = MOSCOW
) -> datetime | None:
    async with database.writing() as session:
        return await account.reserve_outreach(
            session, me.account_id, now=now, gap=GAP, daily_limit=most, zone=zone
        )


async def released(database: Database, me: Me, *moments: datetime) -> None:
    lead = await add_leased(database, me, LeadStatus.RESOLVED)
    for moment in moments:
        await add_message(database, lead, direction="out", kind="greeting", state="sent", released_at=moment)


async def claim(
    database: Database, user_id: int, holder: str, at: timedelta = timedelta(), name: str = "ai_assistant"
) -> int | None:
    async with database.writing() as session:
        return await account.hold(
            session, user_id, holder, name, now=NOW + at, until=NOW + at + timedelta(seconds=30)
        )


async def test_an_account_is_made_once(kept_database: Database) -> None:
    first = await claim(kept_database, 7_900_000_001, "here/1")
    assert first is not None
    async with kept_database.writing() as session:
        await account.set_state(session, first, "needs_login", "signed out", now=NOW)
        await account.let_go(session, first, "here/1")
    assert await claim(kept_database, 7_900_000_001, "here/2", SECOND, "second") == first
    async with kept_database.writing() as session:
        await account.introduce(session, first, "gordovcode_ai", now=NOW + SECOND)
    found = await account_row(kept_database, first)
    assert (found.telegram_user_id, found.username) == (7_900_000_001, "gordovcode_ai")
    assert (found.session_name, found.held_by) == ("second", "here/2")
    assert (found.state, found.state_reason) == ("active", None)
    assert (found.created_at, found.updated_at) == (NOW, NOW + SECOND)


async def test_an_account_has_one_holder(kept_database: Database) -> None:
    first = await claim(kept_database, 7_900_000_002, "here/1")
    assert first is not None
    assert await claim(kept_database, 7_900_000_002, "there/1", 29 * SECOND) is None
    # Said again, it is held for longer.
    assert await claim(kept_database, 7_900_000_002, "here/1", 29 * SECOND) == first
    assert await claim(kept_database, 7_900_000_002, "there/1", 58 * SECOND) is None
    assert await claim(kept_database, 7_900_000_002, "there/1", 59 * SECOND) == first
    assert await claim(kept_database, 7_900_000_002, "here/1", 60 * SECOND) is None


async def test_of_many_who_ask_at_once_one_holds_it(kept_database: Database) -> None:
    asked = [claim(kept_database, 7_900_000_003, f"there/{number}") for number in range(8)]
    answers = await asyncio.gather(*asked)
    assert len([found for found in answers if found is not None]) == 1


async def test_only_its_holder_lets_it_go(kept_database: Database) -> None:
    held = await claim(kept_database, 7_900_000_004, "here/1")
    assert held is not None
    for holder in ("there/1", "here/1"):
        assert await claim(kept_database, 7_900_000_004, "else/1") is None
        async with kept_database.writing() as session:
            await account.let_go(session, held, holder)
    assert await claim(kept_database, 7_900_000_004, "else/1") == held


async def test_holding_it_does_not_end_a_pause(kept_database: Database) -> None:
    account_id = await add_account(kept_database, 7_900_000_005, next_outreach_at=NOW + GAP)
    assert await claim(kept_database, 7_900_000_005, "here/1") == account_id
    assert (await account_row(kept_database, account_id)).next_outreach_at == NOW + GAP


@pytest.mark.parametrize("state", ["limited", "needs_login", "banned"])
async def test_the_state_says_why(kept_database: Database, me: Me, state: str) -> None:
    async with kept_database.writing() as session:
        await account.set_state(session, me.account_id, state, "потому что", now=NOW + SECOND)
    found = await row(kept_database, me)
    assert (found.state, found.state_reason, found.updated_at) == (state, "потому что", NOW + SECOND)


async def test_first_messages_keep_their_gap(kept_database: Database, me: Me) -> None:
    assert await outreach(kept_database, me, NOW) is None
    assert await outreach(kept_database, me, NOW + 29 * SECOND) == NOW + GAP
    assert await outreach(kept_database, me, NOW + GAP) is None
    assert await outreach(kept_database, me, NOW + GAP) == NOW + 2 * GAP


async def test_lookups_keep_their_own_gap(kept_database: Database, me: Me) -> None:
    async def lookup(now: datetime) -> datetime | None:
        async with kept_database.writing() as session:
            return await account.reserve_lookup(session, me.account_id, now=now, gap=3 * SECOND)

    assert await outreach(kept_database, me, NOW) is None
    assert await lookup(NOW) is None
    assert await lookup(NOW + SECOND) == NOW + 3 * SECOND
    assert await lookup(NOW + 3 * SECOND) is None


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        (MOSCOW, datetime(2026, 11, 24, 21, 0, tzinfo=UTC)),
        (KAMCHATKA, datetime(2026, 11, 24, 12, 0, tzinfo=UTC)),
        (ZoneInfo("UTC"), datetime(2026, 11, 25, tzinfo=UTC)),
    ],
)
async def test_a_day_ends_at_the_zones_midnight(
    kept_database: Database, me: Me, zone: ZoneInfo, midnight: datetime
) -> None:
    before = midnight - SECOND
    # The first of them belongs to the day before.
    await released(
        kept_database, me, midnight - timedelta(days=1) - SECOND, midnight - timedelta(days=1), before
    )
    assert await outreach(kept_database, me, before, most=2, zone=zone) == midnight
    assert await outreach(kept_database, me, midnight, most=2, zone=zone) is None


async def test_the_limit_takes_no_slot(kept_database: Database, me: Me) -> None:
    await released(kept_database, me, NOW)
    assert await outreach(kept_database, me, NOW, most=1) is not None
    assert (await row(kept_database, me)).next_outreach_at is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
async def test_a_day_in_which_clocks_change_has_its_own_length(
    kept_database: Database, me: Me, zone: str
) -> None:
    place = ZoneInfo(zone)
    day = datetime(2026, 10, 25 if zone == "Europe/Berlin" else 31, 12, tzinfo=place)
    if zone != "Europe/Berlin":
        day += timedelta(days=1)
    await released(kept_database, me, day.astimezone(UTC))
    until = await outreach(kept_database, me, day.astimezone(UTC), most=1, zone=place)
    assert until is not None
    assert until.tzinfo is UTC
    local = until.astimezone(place)
    assert (local.date(), local.hour, local.minute) == (day.date() + timedelta(days=1), 0, 0)


async def test_a_hold_outlives_everything_but_its_time(kept_database: Database, me: Me) -> None:
    until = NOW + timedelta(hours=15)
    async with kept_database.writing() as session:
        await account.hold_pace(session, me.account_id, account.NEXT_OUTREACH, until=until)
        # A shorter one does not shorten it.
        await account.hold_pace(session, me.account_id, account.NEXT_OUTREACH, until=NOW + SECOND)
    assert await outreach(kept_database, me, NOW) == until
    assert await outreach(kept_database, me, until) is None
    found = await row(kept_database, me)
    assert (found.next_outreach_at, found.next_lookup_at) == (until + GAP, None)
