"""Checks of Telegram and the account. A session in use is not opened: its worker's heartbeat is reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from shared.database.engine import Database
from shared.database.models import TelegramAccount
from shared.errors import ConfigError, LeadAssistantError
from shared.localized_messages import cause_of
from worker.accounts import session_lock
from worker.doctor import database_checks
from worker.doctor.findings import Finding, failed, passed, skipped
from worker.domain.telegram_port import SessionRevokedError, TelegramUnavailableError
from worker.monitoring import health_report
from worker.settings import TelegramSettings
from worker.telegram.login.login import WRONG_APP
from worker.telegram.login.probe import check_app, fetch_session_owner
from worker.telegram.session.client import read_signed_in_user
from worker.telegram.transport.server_clock import WRONG_SECONDS, describe

TELEGRAM, CLOCK, ACCOUNT = "Telegram", "clock", "account"
# A clock that is further off than this makes wrong dates.
MAX_CLOCK_ERROR = 60
LOGIN = "python -m worker login (Docker: docker compose run --rm worker python -m worker login)"


async def check_server(settings: TelegramSettings) -> list[Finding]:
    """Check that Telegram answers, through the proxy if one is set, and accepts the app's id and hash.

    A second finding is about the machine's clock, if it differs from Telegram's.
    """
    try:
        clock_error = await check_app(settings)
    except LeadAssistantError as error:
        problem = cause_of(error)
        if problem == WRONG_APP:
            return [failed(TELEGRAM, problem, "copy both again from my.telegram.org → API development tools")]
        remedy = "correct it" if problem.startswith("TELEGRAM_") else "set TELEGRAM_PROXY, or try later"
        return [failed(TELEGRAM, problem, remedy)]
    answers = passed(TELEGRAM, "answers, and accepts TELEGRAM_API_ID and TELEGRAM_API_HASH")
    return [answers] if abs(clock_error) < WRONG_SECONDS else [answers, _report_clock(clock_error)]


def _report_clock(error: float) -> Finding:
    if abs(error) < MAX_CLOCK_ERROR:
        return passed(CLOCK, describe(error))
    # The worker works all the same, by Telegram's time; but its dates and hours of outreach are wrong.
    return failed(CLOCK, describe(error), "set this machine's clock, for example by NTP")


async def check_account(
    settings: TelegramSettings, database: Database | None, *, is_reachable: bool, now: datetime
) -> Finding:
    """Check that an account is signed in and not limited by Telegram; `now` in UTC."""
    try:
        user_id = read_signed_in_user(settings)
    except (SessionRevokedError, ConfigError) as error:
        return failed(ACCOUNT, _without_advice(error), LOGIN)
    except TelegramUnavailableError:
        return passed(ACCOUNT, "the session is in use by another program: see its log")
    row = await database_checks.find_account(database, user_id) if database else None
    with _reserve_session(settings.locked_file) as is_free:
        is_held = row is not None and row.held_until is not None and row.held_until > now
        if is_held or not is_free:
            return _report_running_worker(settings, row, now=now)
        if settings.telegram_session_string and row is None:
            return skipped(ACCOUNT, "the database (it tells if a worker uses the session)")
        if not is_reachable:
            return skipped(ACCOUNT, "the connection to Telegram")
        return await _check_by_connecting(settings, row, database, now=now)


async def _check_by_connecting(
    settings: TelegramSettings, row: TelegramAccount | None, database: Database | None, *, now: datetime
) -> Finding:
    try:
        account = await fetch_session_owner(settings)
    except SessionRevokedError as error:
        return failed(ACCOUNT, _without_advice(error), LOGIN)
    except LeadAssistantError as error:
        return failed(ACCOUNT, cause_of(error), "try again")
    if row is not None and database is not None:
        until = await database_checks.new_conversations_blocked_until(database, row.id, now=now)
        if until is not None:
            return failed(
                ACCOUNT,
                "{account} may not start conversations until {until:%Y-%m-%d %H:%M} UTC",
                "wait; open conversations continue; ask @SpamBot for details",
                account=account,
                until=until,
            )
    return passed(ACCOUNT, "signed in as {account}; no worker is running", account=account)


def _report_running_worker(
    settings: TelegramSettings, row: TelegramAccount | None, *, now: datetime
) -> Finding:
    """Report the account of a running worker from its heartbeat and the database."""
    is_alive, state = health_report.check(settings.health_file, now=now)
    account = f"@{row.username}" if row is not None and row.username else "the account"
    if row is not None and row.state != "active":
        return failed(
            ACCOUNT,
            "{account} is {state}: {why}",
            "see the worker's log",
            account=account,
            state=row.state,
            why=row.state_reason,
        )
    if not is_alive:
        return passed(
            ACCOUNT,
            "{account} is in use by a worker on another machine; not checked further",
            account=account,
        )
    if "; the model" in state or "OPENAI" in state:
        # The model has its own finding.
        state = state.partition(";")[0]
    return passed(ACCOUNT, "{account} is in use by a running worker ({state})", account=account, state=state)


@contextmanager
def _reserve_session(session_file: Path | None) -> Iterator[bool]:
    """Hold the session lock, so that a worker that starts now waits; yields False if a worker has it."""
    if session_file is None:
        yield True
        return
    with session_lock.try_session_lock(session_file) as is_free:
        yield is_free


def _without_advice(error: Exception) -> str:
    # The advice is the finding's remedy.
    return str(error).partition(";")[0]
