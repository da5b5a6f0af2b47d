"""Limits tries to sign in: 5 in 15 minutes for an address and a name, 50 for an address."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert
from sqlmodel import col, select

from api.console.users.accounts import login_of
from api.security.rate_limiter import caller_key
from shared.database.console_models import LOGIN_ATTEMPTS, LoginAttempt
from shared.database.engine import Database

PERIOD = timedelta(minutes=15)
TRIES_FOR_NAME = 5
TRIES_FOR_ADDRESS = 50


async def try_is_allowed(database: Database, network: str, name: str, now: datetime) -> bool:
    """Count one try; returns False if there were too many in the last 15 minutes.

    The try is committed before it is counted: simultaneous tries are never more than the limit.
    """
    by_name, by_address = _keys(network, name)
    async with database.writing() as session:
        await session.exec(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.at < now - PERIOD))
        await session.exec(
            insert(LOGIN_ATTEMPTS).values([{"key": key, "at": now} for key in (by_name, by_address)])
        )
    async with database.reading() as session:
        found = await session.exec(
            select(LoginAttempt.key, func.count())
            .where(col(LoginAttempt.key).in_((by_name, by_address)), col(LoginAttempt.at) >= now - PERIOD)
            .group_by(col(LoginAttempt.key))
        )
        counts = dict(found.all())
    return counts.get(by_name, 0) <= TRIES_FOR_NAME and counts.get(by_address, 0) <= TRIES_FOR_ADDRESS


async def forget(database: Database, network: str, name: str) -> None:
    """Forget the tries for a name from an address, after a right password."""
    async with database.writing() as session:
        await session.exec(delete(LOGIN_ATTEMPTS).where(LOGIN_ATTEMPTS.c.key == _keys(network, name)[0]))


def _keys(network: str, name: str) -> tuple[str, str]:
    return caller_key("login", network, login_of(name)), caller_key("login", network)
