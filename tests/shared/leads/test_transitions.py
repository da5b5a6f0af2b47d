"""change_status: an allowed change writes an event, a refused one writes nothing."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, LeadEvent
from shared.errors import IllegalTransitionError, LostRaceError
from shared.leads.transitions import change_status
from shared.statuses import LeadStatus

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def _store(database: Database) -> Lead:
    lead = Lead(name="Анна", username="anna_k", source="api", created_at=NOW, updated_at=NOW, due_at=NOW)
    async with database.writing() as session:
        session.add(lead)
    return lead


async def _events(database: Database) -> list[tuple[LeadStatus | None, LeadStatus, str]]:
    async with database.reading() as session:
        rows = await session.exec(select(LeadEvent).order_by(col(LeadEvent.id)))
        return [(row.from_status, row.to_status, row.actor) for row in rows]


async def test_change_is_written_with_its_event(database: Database) -> None:
    lead = await _store(database)
    async with database.writing() as session:
        await change_status(
            session,
            lead,
            LeadStatus.RESOLVED,
            reason="found",
            actor="worker",
            now=NOW,
            telegram_user_id=2**40,
        )
    async with database.reading() as session:
        stored = await session.get_one(Lead, lead.id)
    assert (stored.status, stored.telegram_user_id, stored.updated_at) == (LeadStatus.RESOLVED, 2**40, NOW)
    assert await _events(database) == [
        (None, LeadStatus.PENDING, "api"),
        (LeadStatus.PENDING, LeadStatus.RESOLVED, "worker"),
    ]


async def test_lost_race_writes_nothing(database: Database) -> None:
    lead = await _store(database)
    async with database.writing() as session:
        await change_status(session, lead, LeadStatus.RESOLVED, reason=None, actor="first", now=NOW)
    with pytest.raises(LostRaceError):
        async with database.writing() as session:
            await change_status(session, lead, LeadStatus.FAILED, reason=None, actor="second", now=NOW)
    assert [actor for _, _, actor in await _events(database)] == ["api", "first"]


async def test_change_outside_the_table_is_refused(database: Database) -> None:
    lead = await _store(database)
    with pytest.raises(IllegalTransitionError):
        async with database.writing() as session:
            await change_status(session, lead, LeadStatus.BOOKED, reason=None, actor="worker", now=NOW)
    assert len(await _events(database)) == 1


async def test_one_of_several_concurrent_changes_wins(database: Database) -> None:
    lead = await _store(database)

    async def change(target: LeadStatus) -> LeadStatus | None:
        try:
            async with database.writing() as session:
                await change_status(session, lead, target, reason=None, actor=target, now=NOW)
        except LostRaceError:
            return None
        return target

    results = await asyncio.gather(
        *map(change, (LeadStatus.RESOLVED, LeadStatus.FAILED, LeadStatus.HANDED_OFF))
    )
    (winner,) = filter(None, results)
    assert [to for _, to, _ in await _events(database)] == [LeadStatus.PENDING, winner]


async def test_error_of_the_caller_rolls_the_change_back(database: Database) -> None:
    lead = await _store(database)

    async def change_and_fail() -> None:
        async with database.writing() as session:
            await change_status(session, lead, LeadStatus.RESOLVED, reason=None, actor="worker", now=NOW)
            raise RuntimeError("after the change")

    with pytest.raises(RuntimeError, match="after the change"):
        await change_and_fail()
    async with database.reading() as session:
        assert (await session.get_one(Lead, lead.id)).status == LeadStatus.PENDING
    assert len(await _events(database)) == 1


async def test_columns_of_the_caller_win_over_the_reset_counters(database: Database) -> None:
    lead = await _store(database)
    async with database.writing() as session:
        await change_status(
            session,
            lead,
            LeadStatus.FAILED,
            reason="quota",
            actor="worker",
            now=NOW,
            attempts=8,
            last_error="quota",
            due_at=None,
        )
    async with database.reading() as session:
        stored = await session.get_one(Lead, lead.id)
    assert (stored.attempts, stored.last_error, stored.due_at) == (8, "quota", None)
