"""Adds, lists, resets and removes users, and makes the one-time links with which they set a password."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, func, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.console_models import USER_LINKS, USER_SESSIONS, USERS, User, UserLink, UserSession
from shared.errors import LeadAssistantError

LINK_LASTS = timedelta(hours=48)
MAX_NAME = 60
# In a lead's history these name parts of the program.
RESERVED = frozenset(
    {"api", "worker", "assistant", "person", "human", "telegram", "import", "tilda", "owner"}
)


class UserError(LeadAssistantError):
    """The command cannot be carried out; the text says why."""


@dataclass(frozen=True)
class UserLine:
    """One user as `user list` shows them."""

    name: str
    role: str
    has_password: bool
    sessions: int
    created_at: datetime


def login_of(name: str) -> str:
    """Return the form of a name in which users are compared."""
    return " ".join(name.split()).casefold()


def token_hash(token: str) -> str:
    """Return the hash under which a random token is stored."""
    return sha256(token.encode()).hexdigest()


async def add(session: AsyncSession, name: str, role: str, now: datetime) -> str:
    """Add a user; returns the token of their one-time link. Raises UserError if the name is taken."""
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise UserError(f"a name has 1 to {MAX_NAME} printable characters")
    if login_of(name) in RESERVED:
        raise UserError(f"{name} names a part of the program in the history: choose another name")
    if await find(session, name) is not None:
        raise UserError(f"there is a user {name} already: reset or remove them")
    row = insert(USERS).values(login=login_of(name), name=name, role=role, created_at=now)
    user_id = (await session.exec(row.returning(USERS.c.id))).scalar_one()
    return await _new_link(session, int(user_id), now)


async def reset(session: AsyncSession, name: str, now: datetime) -> str:
    """End the user's sessions and password; returns the token of a new link. Raises UserError."""
    user = await _existing(session, name)
    await session.exec(update(USERS).where(USERS.c.id == user.id).values(password_hash=None))
    await session.exec(delete(USER_SESSIONS).where(USER_SESSIONS.c.user_id == user.id))
    return await _new_link(session, user.id, now)


async def remove(session: AsyncSession, name: str) -> None:
    """Remove a user with their sessions; what they did stays in the history. Raises UserError."""
    user = await _existing(session, name)
    await session.exec(delete(USERS).where(USERS.c.id == user.id))


async def listed(session: AsyncSession) -> Sequence[UserLine]:
    """Return all users by name."""
    sessions = (
        select(func.count()).select_from(UserSession).where(col(UserSession.user_id) == col(User.id))
    ).scalar_subquery()
    found = await session.exec(select(User, sessions).order_by(col(User.login)))
    return [
        UserLine(user.name, user.role, user.password_hash is not None, count, user.created_at)
        for user, count in found
    ]


async def find(session: AsyncSession, name: str) -> User | None:
    """Return the user of this name, in any case of letters."""
    return (await session.exec(select(User).where(col(User.login) == login_of(name)))).one_or_none()


async def exist(session: AsyncSession) -> bool:
    """Return True if there is at least one user."""
    return (await session.exec(select(User.id).limit(1))).first() is not None


async def user_of_link(session: AsyncSession, token: str, now: datetime) -> User | None:
    """Return the user whose valid one-time link has this token."""
    found = await session.exec(
        select(User)
        .join(UserLink, col(UserLink.user_id) == col(User.id))
        .where(col(UserLink.token_hash) == token_hash(token), col(UserLink.expires_at) > now)
    )
    return found.one_or_none()


async def set_password(session: AsyncSession, token: str, password_hash: str, now: datetime) -> User | None:
    """Use up the link and store the password; returns None if the link is used or too old.

    All earlier sessions of the user end.
    """
    used = await session.exec(
        delete(USER_LINKS)
        .where(USER_LINKS.c.token_hash == token_hash(token), USER_LINKS.c.expires_at > now)
        .returning(USER_LINKS.c.user_id)
    )
    user_id = used.scalar_one_or_none()
    if user_id is None:
        return None
    await session.exec(update(USERS).where(USERS.c.id == user_id).values(password_hash=password_hash))
    await session.exec(delete(USER_SESSIONS).where(USER_SESSIONS.c.user_id == user_id))
    return await session.get(User, user_id)


async def _existing(session: AsyncSession, name: str) -> User:
    if (user := await find(session, name)) is None:
        raise UserError(f"there is no user {name}")
    return user


async def _new_link(session: AsyncSession, user_id: int, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    await session.exec(delete(USER_LINKS).where(USER_LINKS.c.user_id == user_id))
    row = {"token_hash": token_hash(token), "user_id": user_id, "expires_at": now + LINK_LASTS}
    await session.exec(insert(USER_LINKS).values(row))
    return token
