"""The one door: allowed moves leave an event, others leave nothing."""

from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from shared.db import Database
from shared.errors import IllegalTransitionError, LostRaceError
from shared.lifecycle import advance
from shared.models import Lead, LeadEvent
from shared.status import LeadStatus

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


async def test_a_move_is_written_with_its_event(database: Database) -> None:
    lead = await _store(database)
    async with database.writing() as session:
        await advance(
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


async def test_a_lost_race_writes_nothing(database: Database) -> None:
    lead = await _store(database)
    async with database.writing() as session:
        await advance(session, lead, LeadStatus.RESOLVED, reason=None, actor="first", now=NOW)
    with pytest.raises(LostRaceError):
        async with database.writing() as session:
            await advance(session, lead, LeadStatus.FAILED, reason=None, actor="second", now=NOW)
    assert [actor for _, _, actor in await _events(database)] == ["api", "first"]


async def test_the_table_is_the_law(database: Database) -> None:
    lead = await _store(database)
    with pytest.raises(IllegalTransitionError):
        async with database.writing() as session:
            await advance(session, lead, LeadStatus.BOOKED, reason=None, actor="worker", now=NOW)
    assert len(await _events(database)) == 1
