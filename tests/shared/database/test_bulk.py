"""Bulk statements: many rows written by one statement."""

from datetime import UTC, datetime

from sqlalchemy import event
from sqlmodel import col, select

from shared.database.bulk import update_all
from shared.database.engine import Database
from shared.database.models import LEADS, Lead
from shared.statuses import LeadStatus

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


async def test_update_all_runs_one_statement_per_set_of_columns(kept_database: Database) -> None:
    leads = [Lead(name="Анна", username="anna", source="api", due_at=NOW, attempts=7) for _ in range(4)]
    async with kept_database.writing() as session:
        session.add_all(leads)
    first, second, third, untouched = [lead.id for lead in leads]
    updates: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        updates.extend([statement] if statement.startswith("UPDATE") else [])

    event.listen(kept_database.engine.sync_engine, "before_cursor_execute", record)
    async with kept_database.writing() as session:
        await update_all(
            session,
            LEADS,
            {
                first: {"due_at": None, "last_error": "нет ответа"},
                second: {"status": LeadStatus.FAILED},
                third: {"last_error": None, "due_at": datetime(2026, 11, 25, tzinfo=UTC)},
            },
        )
        await update_all(session, LEADS, {})
    event.remove(kept_database.engine.sync_engine, "before_cursor_execute", record)
    assert len(updates) == 2
    async with kept_database.reading() as session:
        rows = (await session.exec(select(Lead).where(col(Lead.id) >= first).order_by(col(Lead.id)))).all()
    assert [(row.status, row.due_at, row.last_error, row.attempts) for row in rows] == [
        (LeadStatus.PENDING, None, "нет ответа", 7),
        (LeadStatus.FAILED, NOW, None, 7),
        (LeadStatus.PENDING, datetime(2026, 11, 25, tzinfo=UTC), None, 7),
        (LeadStatus.PENDING, NOW, None, 7),
    ]
    assert rows[-1].id == untouched
