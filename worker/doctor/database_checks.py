"""Checks of the database: is it reachable and migrated; and reads what it stores about the account."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import AccountHold, Lead, TelegramAccount
from shared.database.schema_version import SchemaState, newest_revision, read_schema_version
from worker.doctor.findings import Finding, failed, passed, skipped

DATABASE, SCHEMA = "database", "migrations"
MIGRATE = "alembic upgrade head (Docker: docker compose run --rm migrate)"


async def check(database: Database) -> list[Finding]:
    """Return the findings on the connection and on the schema. Never creates a missing SQLite file."""
    path = None if database.is_postgres else Path(database.url.database or "")
    if path is not None and not path.exists():
        return [failed(DATABASE, f"{path} does not exist", MIGRATE), skipped(SCHEMA, "the database")]
    try:
        async with database.reading() as session:
            await (await session.connection()).execute(text("SELECT 1"))
    except (*DATABASE_DOWN, SQLAlchemyError, OSError) as error:
        problem = f"{_address(database)} does not answer: {_reason(error)}"
        remedy = "start the database, or correct DATABASE_URL"
        return [failed(DATABASE, problem, remedy), skipped(SCHEMA, "the database")]
    schema = await _check_schema(database)
    leads = f", {await _count_leads(database)} leads" if schema.is_well else ""
    return [passed(DATABASE, f"{_address(database)} answers{leads}"), schema]


async def find_account(database: Database, user_id: int) -> TelegramAccount | None:
    """Return the row of a Telegram account; None if it has none, or if the database does not answer."""
    try:
        async with database.reading() as session:
            rows = await session.exec(
                select(TelegramAccount).where(col(TelegramAccount.telegram_user_id) == user_id)
            )
            return rows.first()
    except (*DATABASE_DOWN, SQLAlchemyError):
        return None


async def new_conversations_blocked_until(
    database: Database, account_id: int, *, now: datetime
) -> datetime | None:
    """Return until when (UTC) Telegram blocks new conversations of the account; None if it does not."""
    async with database.reading() as session:
        rows = await session.exec(
            select(AccountHold.until).where(
                col(AccountHold.account_id) == account_id,
                col(AccountHold.method) == "new_conversations",
                col(AccountHold.until) > now,
            )
        )
        return rows.first()


async def _check_schema(database: Database) -> Finding:
    newest = newest_revision()
    version = await read_schema_version(database)
    at = ", ".join(version.revisions) or "nothing"
    match version.state:
        case SchemaState.CURRENT:
            return passed(SCHEMA, f"at {newest}, the newest")
        case SchemaState.OUTDATED:
            return failed(SCHEMA, f"at {at}, and this program needs {newest}", MIGRATE)
        case SchemaState.NEWER:
            return failed(SCHEMA, f"at {at}, which this program does not know", "update the program")
        case SchemaState.EMPTY:
            return failed(SCHEMA, "the database is empty", MIGRATE)
        case SchemaState.UNREACHABLE:
            return failed(SCHEMA, "the revision cannot be read", "let this user read alembic_version")


async def _count_leads(database: Database) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(Lead))).one()


def _address(database: Database) -> str:
    url = database.url.set(drivername="postgresql" if database.is_postgres else "sqlite")
    return url.render_as_string(hide_password=True)


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
