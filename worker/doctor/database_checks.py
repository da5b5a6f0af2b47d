"""Checks of the database: does it answer, is it migrated, does it store; and what it knows of the account."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import col, func, select

from shared.database.checks.clock_check import MAX_CLOCK_ERROR_SECONDS, clock_error, describe_clock_error
from shared.database.checks.write_check import LARGE_BYTES, check_writing
from shared.database.engine import DATABASE_DOWN, Database, answered_within
from shared.database.faults.error_classes import classify
from shared.database.models import AccountHold, Lead, TelegramAccount
from shared.database.schema_version import SchemaState, newest_revision, read_schema_version
from shared.database.urls import shown_address
from shared.localized_messages import joined, sentence
from worker.doctor.findings import Finding, failed, passed, skipped

DATABASE, SCHEMA, CLOCK = "database", "migrations", "database clock"
CHECK_SECONDS = 10
READ_REMEDY = "restore the rights or the data; the server's log says more"
WRITE_REMEDY = "until then forms are answered with 503, and the worker waits"
MIGRATE = "alembic upgrade head (Docker: docker compose run --rm migrate)"


async def check(database: Database) -> list[Finding]:
    """Return the findings on the connection and on the schema. Never creates a missing SQLite file."""
    path = None if database.is_postgres else Path(database.url.database or "")
    if path is not None and not path.exists():
        return [
            failed(DATABASE, "{path} does not exist", MIGRATE, path=str(path)),
            skipped(SCHEMA, "the database"),
        ]
    try:
        async with answered_within(CHECK_SECONDS), database.reading() as session:
            await (await session.connection()).execute(text("SELECT 1"))
    except (*DATABASE_DOWN, SQLAlchemyError, OSError) as error:
        problem = joined(": ", [_address(database), _reason(error)])
        remedy = "start the database, or correct DATABASE_URL"
        return [failed(DATABASE, problem, remedy), skipped(SCHEMA, "the database")]
    schema = await _check_schema(database)
    if not schema.is_well:
        return [passed(DATABASE, "{address} answers", address=_address(database)), schema]
    return [await _check_storing(database), schema, *await _check_clock(database)]


async def _check_clock(database: Database) -> list[Finding]:
    """Return a finding on this machine's clock, if it differs from the database's."""
    try:
        async with answered_within(CHECK_SECONDS):
            error = await clock_error(database)
    except (*DATABASE_DOWN, SQLAlchemyError):
        # The other findings tell of it.
        return []
    if abs(error) < MAX_CLOCK_ERROR_SECONDS:
        return []
    said = describe_clock_error(error, "the database")
    return [failed(CLOCK, said, "set both machines' clocks, for example by NTP")]


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
    at = ", ".join(version.revisions)
    match version.state:
        case SchemaState.CURRENT:
            return passed(SCHEMA, "at {newest}, the newest", newest=newest)
        case SchemaState.OUTDATED:
            return failed(
                SCHEMA, "at {revision}, and this program needs {newest}", MIGRATE, revision=at, newest=newest
            )
        case SchemaState.NEWER:
            return failed(
                SCHEMA, "at {revision}, which this program does not know", "update the program", revision=at
            )
        case SchemaState.EMPTY:
            return failed(SCHEMA, "the database is empty", MIGRATE)
        case SchemaState.UNREACHABLE:
            why = version.fault.text if version.fault else "no reason is known"
            return failed(
                SCHEMA, "the revision cannot be read: {why}", "let this user read alembic_version", why=why
            )


async def _check_storing(database: Database) -> Finding:
    """Read the leads, and write a row that is rolled back."""
    try:
        async with answered_within(CHECK_SECONDS):
            leads = await _count_leads(database)
    except SQLAlchemyError as error:
        return failed(DATABASE, joined(": ", [_address(database), classify(error).text]), READ_REMEDY)
    if fault := await check_writing(database, size=LARGE_BYTES):
        problem = "{address} answers, but stores nothing: {why}"
        return failed(DATABASE, problem, WRITE_REMEDY, address=_address(database), why=fault.text)
    return passed(DATABASE, "{address} answers, {number} leads", address=_address(database), number=leads)


async def _count_leads(database: Database) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(Lead))).one()


def _address(database: Database) -> str:
    return shown_address(database.url)


def _reason(error: Exception) -> str:
    reason = classify(error).text
    # Before the first statement, the driver's own text has no data, and says more than a class of errors.
    cause = error.orig if isinstance(error, DBAPIError) and error.statement is None else None
    lines = str(cause or "").strip().splitlines()
    said = lines[0] if lines else reason
    return reason if said in reason else sentence("{reason} ({said})", reason=reason, said=said)
