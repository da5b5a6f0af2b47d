"""Telegram and the account on it; a session in use is left to its worker, whose own word is taken."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from shared.database.engine import Database
from shared.database.models import TelegramAccount
from shared.errors import ConfigError, LeadAssistantError
from worker.accounts import session_lock
from worker.doctor import database_checks as rows
from worker.doctor.findings import Finding, ill, skipped, well
from worker.domain.telegram_port import SessionRevokedError, TelegramUnavailableError
from worker.monitoring import heartbeat
from worker.settings import TelegramSettings
from worker.telegram.client import signed_in_user
from worker.telegram.login.login import WRONG_APP
from worker.telegram.login.probe import check_app, visit

TELEGRAM, ACCOUNT = "Telegram", "account"
LOGIN = "python -m worker login (Docker: docker compose run --rm worker python -m worker login)"


async def check_server(settings: TelegramSettings) -> Finding:
    """Whether Telegram is reached, by the proxy if there is one, and knows the app."""
    try:
        await check_app(settings)
    except LeadAssistantError as error:
        said = str(error)
        if said == WRONG_APP:
            return ill(TELEGRAM, said, "copy both anew from my.telegram.org → API development tools")
        remedy = "correct it" if said.startswith("TELEGRAM_") else "set TELEGRAM_PROXY, or try later"
        return ill(TELEGRAM, said, remedy)
    return well(TELEGRAM, "answers, and knows TELEGRAM_API_ID and TELEGRAM_API_HASH")


async def check_account(
    settings: TelegramSettings, database: Database | None, *, is_reachable: bool, now: datetime
) -> Finding:
    """Who is signed in, and whether Telegram limits it."""
    try:
        user_id = signed_in_user(settings)
    except (SessionRevokedError, ConfigError) as error:
        return ill(ACCOUNT, _without_advice(error), LOGIN)
    except TelegramUnavailableError:
        return well(ACCOUNT, "the session is in use by another program; its own log tells more")
    row = await rows.account_of(database, user_id) if database else None
    with _reserved(settings.locked_file) as is_free:
        is_held = row is not None and row.held_until is not None and row.held_until > now
        if is_held or not is_free:
            return _as_the_worker_says(settings, row, now=now)
        if settings.telegram_session_string and row is None:
            return skipped(ACCOUNT, "without the database nobody can tell whether a worker uses the session")
        if not is_reachable:
            return skipped(ACCOUNT, "Telegram first")
        return await _by_a_visit(settings, row, database, now=now)


async def _by_a_visit(
    settings: TelegramSettings, row: TelegramAccount | None, database: Database | None, *, now: datetime
) -> Finding:
    try:
        who = await visit(settings)
    except SessionRevokedError as error:
        return ill(ACCOUNT, _without_advice(error), LOGIN)
    except LeadAssistantError as error:
        return ill(ACCOUNT, str(error), "try again")
    if row is not None and row.id is not None and database is not None:
        until = await rows.limited_until(database, row.id, now=now)
        if until is not None:
            said = f"{who} may begin no conversations until {until:%Y-%m-%d %H:%M} UTC"
            return ill(ACCOUNT, said, "wait: running conversations go on; @SpamBot tells more")
    return well(ACCOUNT, f"signed in as {who}; no worker is running")


def _as_the_worker_says(settings: TelegramSettings, row: TelegramAccount | None, *, now: datetime) -> Finding:
    """The session is a running worker's: what its heartbeat and the database tell."""
    is_alive, said = heartbeat.check(settings.health_file, now=now)
    who = f"@{row.username}" if row is not None and row.username else "the account"
    if row is not None and row.state != "active":
        return ill(ACCOUNT, f"{who} is {row.state}: {row.state_reason}", "see the worker's log")
    if not is_alive:
        return well(ACCOUNT, f"{who} is in use by a worker on another machine, and left to it")
    if "; the model" in said or "OPENAI" in said:
        # It has a line of its own.
        said = said.partition(";")[0]
    return well(ACCOUNT, f"{who} is in use by a running worker, and left to it ({said})")


@contextmanager
def _reserved(session_file: Path | None) -> Iterator[bool]:
    """Keep a worker that starts now waiting; gives whether no worker has the session already."""
    if session_file is None:
        yield True
        return
    with session_lock.try_session_lock(session_file) as is_free:
        yield is_free


def _without_advice(error: Exception) -> str:
    # The advice has a line of its own.
    return str(error).partition(";")[0]
