"""The database: whether it answers, whether it is migrated, and what it knows of the account."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import col, func, select

from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import AccountHold, Lead, TelegramAccount
from shared.database.schema_version import known_revisions, newest_revision
from worker.doctor.findings import Finding, ill, skipped, well

DATABASE, SCHEMA = "database", "migrations"
MIGRATE = "alembic upgrade head (Docker: docker compose run --rm migrate)"
_REVISION = text("SELECT version_num FROM alembic_version")


async def check(database: Database) -> list[Finding]:
    """Both lines; nothing is made that is not there."""
    path = None if database.is_postgres else Path(database.url.database or "")
    if path is not None and not path.exists():
        return [ill(DATABASE, f"{path} is not there", MIGRATE), skipped(SCHEMA, "the database first")]
    try:
        async with database.reading() as session:
            await (await session.connection()).execute(text("SELECT 1"))
    except (*DATABASE_DOWN, SQLAlchemyError, OSError) as error:
        said = f"{_address(database)} does not answer: {_reason(error)}"
        remedy = "start the database, or correct DATABASE_URL"
        return [ill(DATABASE, said, remedy), skipped(SCHEMA, "the database first")]
    schema = await _schema(database)
    leads = f", {await _leads(database)} leads" if schema.is_well else ""
    return [well(DATABASE, f"{_address(database)} answers{leads}"), schema]


async def account_of(database: Database, user_id: int) -> TelegramAccount | None:
    """What the database knows of a Telegram account; None if nothing, or if it cannot be asked."""
    try:
        async with database.reading() as session:
            rows = await session.exec(
                select(TelegramAccount).where(col(TelegramAccount.telegram_user_id) == user_id)
            )
            return rows.first()
    except (*DATABASE_DOWN, SQLAlchemyError):
        return None


async def limited_until(database: Database, account_id: int, *, now: datetime) -> datetime | None:
    """Until when Telegram lets the account begin no conversations; None if it does."""
    async with database.reading() as session:
        rows = await session.exec(
            select(AccountHold.until).where(
                col(AccountHold.account_id) == account_id,
                col(AccountHold.method) == "new_conversations",
                col(AccountHold.until) > now,
            )
        )
        return rows.first()


async def _schema(database: Database) -> Finding:
    newest = newest_revision()
    try:
        async with database.reading() as session:
            found = (await (await session.connection()).execute(_REVISION)).scalars().all()
    except DBAPIError:
        return ill(SCHEMA, "the database is empty", MIGRATE)
    at = ", ".join(found) or "nothing"
    if list(found) == [newest]:
        return well(SCHEMA, f"at {newest}, the newest")
    if set(found) <= known_revisions():
        return ill(SCHEMA, f"at {at}, and this program needs {newest}", MIGRATE)
    return ill(SCHEMA, f"at {at}, which this program does not know", "update the program")


async def _leads(database: Database) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(Lead))).one()


def _address(database: Database) -> str:
    url = database.url.set(drivername="postgresql" if database.is_postgres else "sqlite")
    return url.render_as_string(hide_password=True)


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
