"""Sessions of signed-in browsers: a random id in a cookie, its hash in the database."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.console.users.accounts import token_hash
from shared.database.console_models import USER_SESSIONS, User, UserSession
from shared.database.engine import Database

IDLE_FOR = timedelta(hours=12)
LASTS = timedelta(days=14)
# Written at most this often: reading a page is no write.
_SEEN_STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedIn:
    """The user of a request."""

    id: int
    name: str
    role: str
    language: str | None
    session_hash: str


@dataclass(frozen=True)
class Browser:
    """One signed-in browser; `id_hash` names it; it cannot be used to sign in."""

    id_hash: str
    user: str
    created_at: datetime
    last_seen_at: datetime


async def start(session: AsyncSession, user_id: int, now: datetime) -> str:
    """Start a session and return its id for the cookie; sessions that are over are deleted."""
    session_id = secrets.token_urlsafe(32)
    await session.exec(
        delete(USER_SESSIONS).where(
            or_(USER_SESSIONS.c.last_seen_at < now - IDLE_FOR, USER_SESSIONS.c.created_at < now - LASTS)
        )
    )
    row = {"id_hash": token_hash(session_id), "user_id": user_id, "created_at": now, "last_seen_at": now}
    await session.exec(insert(USER_SESSIONS).values(row))
    return session_id


async def find(
    database: Database, session_id: str, now: datetime, *, is_used: bool = True
) -> SignedIn | None:
    """Return the user of a valid session; None if it is unknown, revoked, idle for too long or too old.

    `is_used`: a user works with the page; a page in the background must not keep its session alive.
    """
    id_hash = token_hash(session_id)
    async with database.reading() as session:
        found = await session.exec(
            select(User, UserSession.last_seen_at)
            .join(UserSession, col(UserSession.user_id) == col(User.id))
            .where(
                col(UserSession.id_hash) == id_hash,
                col(UserSession.last_seen_at) > now - IDLE_FOR,
                col(UserSession.created_at) > now - LASTS,
            )
        )
        row = found.one_or_none()
    if row is None:
        return None
    user, seen_at = row
    if is_used and now - seen_at > _SEEN_STEP:
        async with database.writing() as session:
            await session.exec(
                update(USER_SESSIONS).where(USER_SESSIONS.c.id_hash == id_hash).values(last_seen_at=now)
            )
    return SignedIn(user.id, user.name, user.role, user.language, id_hash)


async def end(session: AsyncSession, id_hash: str) -> None:
    """End a session."""
    await session.exec(delete(USER_SESSIONS).where(USER_SESSIONS.c.id_hash == id_hash))


async def listed(session: AsyncSession, now: datetime, user_id: int | None = None) -> Sequence[Browser]:
    """Return the valid sessions of a user, or of all, the one that was seen last first."""
    query = (
        select(UserSession, User.name)
        .join(User, col(User.id) == col(UserSession.user_id))
        .where(col(UserSession.last_seen_at) > now - IDLE_FOR, col(UserSession.created_at) > now - LASTS)
        .order_by(col(UserSession.last_seen_at).desc())
    )
    found = await session.exec(query if user_id is None else query.where(col(User.id) == user_id))
    return [Browser(each.id_hash, name, each.created_at, each.last_seen_at) for each, name in found]


async def end_named(session: AsyncSession, id_hash: str, user_id: int | None = None) -> bool:
    """End a session, of this user only if `user_id` is given; returns False if there is none."""
    rows = delete(USER_SESSIONS).where(USER_SESSIONS.c.id_hash == id_hash)
    ended = await session.exec(rows if user_id is None else rows.where(USER_SESSIONS.c.user_id == user_id))
    return ended.rowcount > 0


async def end_all(session: AsyncSession, user_id: int) -> int:
    """End all sessions of a user; returns how many there were."""
    ended = await session.exec(delete(USER_SESSIONS).where(USER_SESSIONS.c.user_id == user_id))
    return ended.rowcount
