"""Every pair of statuses, tried with `change_status` on real databases."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, LeadEvent
from shared.errors import IllegalTransitionError
from shared.leads.transitions import change_status
from shared.statuses import ALLOWED, OPEN, LeadStatus, may_become

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
PAIRS = list(product(LeadStatus, LeadStatus))


async def _store(database: Database, status: LeadStatus) -> Lead:
    lead = Lead(
        name="Анна",
        username="anna_k",
        source="api",
        status=status,
        attempts=3,
        lost_leases=2,
        last_error="timeout",
        created_at=NOW,
        updated_at=NOW,
    )
    async with database.writing() as session:
        session.add(lead)
    return lead


async def _read(database: Database, lead: Lead) -> tuple[Lead, list[LeadEvent]]:
    async with database.reading() as session:
        stored = await session.get_one(Lead, lead.id)
        query = select(LeadEvent).where(col(LeadEvent.lead_id) == lead.id).order_by(col(LeadEvent.id))
        return stored, list(await session.exec(query))


async def _change(database: Database, lead: Lead, target: LeadStatus) -> None:
    async with database.writing() as session:
        await change_status(session, lead, target, reason="why", actor="worker", now=LATER)


def test_transition_table_is_consistent() -> None:
    assert not any(may_become(status, status) for status in LeadStatus)
    assert all(may_become(status, LeadStatus.HANDED_OFF) for status in OPEN)
    assert all(ALLOWED.values()), "no status is a dead end"


@pytest.mark.parametrize(("start", "target"), [pair for pair in PAIRS if may_become(*pair)])
async def test_allowed_change_writes_one_event(
    kept_database: Database, start: LeadStatus, target: LeadStatus
) -> None:
    lead = await _store(kept_database, start)
    await _change(kept_database, lead, target)
    stored, (arrival, event) = await _read(kept_database, lead)
    assert (stored.status, stored.created_at, stored.updated_at) == (target, NOW, LATER)
    assert (stored.attempts, stored.lost_leases, stored.last_error) == (0, 0, None)
    assert (arrival.from_status, arrival.to_status) == (None, start)
    assert (event.from_status, event.to_status) == (start, target)
    assert (event.reason, event.actor, event.at) == ("why", "worker", LATER)


@pytest.mark.parametrize(("start", "target"), [pair for pair in PAIRS if not may_become(*pair)])
async def test_other_change_is_refused_and_writes_nothing(
    kept_database: Database, start: LeadStatus, target: LeadStatus
) -> None:
    lead = await _store(kept_database, start)
    with pytest.raises(IllegalTransitionError, match=rf"a {start} lead cannot become {target}"):
        await _change(kept_database, lead, target)
    stored, events = await _read(kept_database, lead)
    assert (stored.status, stored.updated_at) == (start, NOW)
    assert (stored.attempts, stored.lost_leases, stored.last_error) == (3, 2, "timeout")
    assert [event.to_status for event in events] == [start]


@given(targets=st.lists(st.sampled_from(LeadStatus), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_events_form_a_chain_that_ends_at_the_current_status(
    kept_database: Database, targets: list[LeadStatus]
) -> None:
    lead = await _store(kept_database, LeadStatus.PENDING)
    expected = [LeadStatus.PENDING]
    for target in targets:
        seen = (await _read(kept_database, lead))[0]
        if may_become(seen.status, target):
            await _change(kept_database, seen, target)
            expected.append(target)
        else:
            with pytest.raises(IllegalTransitionError):
                await _change(kept_database, seen, target)
    stored, events = await _read(kept_database, lead)
    assert [event.to_status for event in events] == expected
    assert all(later.from_status == earlier.to_status for earlier, later in pairwise(events))
    assert stored.status == events[-1].to_status
