"""Calls of Calendly and Cal.com as their documentation shows them, and a lead that they are about."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from shared.bookings import calendly
from shared.bookings.booking_store import Recorded, record
from shared.database.engine import Database
from shared.database.models import Lead, PlannedMessage
from shared.statuses import LeadStatus
from tests.support.rows import add_account, add_lead

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
API = "https://api.calendly.com"


def invitee(number: int | str, token: str | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    event = f"{API}/scheduled_events/EV{number}"
    usual = {
        "uri": f"{event}/invitees/INV{number}",
        "email": "anna@example.com",
        "name": "Анна",
        "status": "active",
        "timezone": "Europe/Moscow",
        "questions_and_answers": [],
        "tracking": {"utm_source": "telegram", "utm_content": token},
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "cancel_url": f"https://calendly.com/cancellations/{number}",
        "reschedule_url": f"https://calendly.com/reschedulings/{number}",
        "scheduled_event": {
            "uri": event,
            "start_time": START.isoformat().replace("+00:00", ".000000Z"),
            "end_time": (START + timedelta(minutes=30)).isoformat(),
            "location": {"type": "zoom", "join_url": f"https://zoom.us/j/{number}"},
        },
    }
    return usual | fields


def call(event: str, payload: dict[str, Any], at: datetime = NOW) -> dict[str, Any]:
    return {"event": event, "created_at": at.isoformat(), "created_by": f"{API}/users/U", "payload": payload}


CREATED, CANCELED = "invitee.created", "invitee.canceled"
Report = Callable[..., Awaitable[Recorded]]


@pytest.fixture
def report(kept_database: Database) -> Report:
    """Record a call of Calendly."""

    async def run(
        event: str, payload: dict[str, Any], now: datetime = NOW, at: datetime | None = None
    ) -> Recorded:
        change = calendly.read_call(call(event, payload, at or now), now)
        assert change is not None
        async with kept_database.writing() as session:
            return await record(session, change, now=now, actor="calendly")

    return run


@pytest.fixture
async def lead(kept_database: Database) -> Lead:
    """A lead that has got its booking link."""
    account = await add_account(kept_database)
    return await add_lead(
        kept_database,
        status=LeadStatus.SCHEDULED,
        account_id=account,
        telegram_user_id=account + 10_000,
        access_hash=1,
        booking_token=f"token-{account}",
        due_at=None,
    )


async def planned_of(database: Database, lead: Lead, state: str = "planned") -> dict[str, datetime]:
    async with database.reading() as session:
        rows = select(PlannedMessage).where(
            col(PlannedMessage.lead_id) == lead.id, col(PlannedMessage.state) == state
        )
        return {row.kind: row.send_at for row in (await session.exec(rows)).all()}


def number(lead: Lead) -> str:
    return f"{lead.id}-"
