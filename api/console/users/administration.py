"""Carries out the actions of `python -m api user`."""

import argparse
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from api.console.users import accounts, sessions
from api.console.users.accounts import LINK_LASTS, UserError
from shared.clock import utc_now
from shared.database.engine import Database

_TIME = "%Y-%m-%d %H:%M"
_NOBODY = "there are no users: python -m api user add NAME --role owner"


async def run(options: argparse.Namespace, database: Database, console: str) -> str:
    """Carry out one action; returns what to print. Raises UserError with one line if it cannot.

    `console`: the console's address, or only its path if the address is unknown.
    """
    now = utc_now()
    if options.action in {"list", "browsers"}:
        async with database.reading() as session:
            if options.action == "list":
                return await _users(session)
            return await _browsers(session, options.name, now)
    async with database.writing() as session:
        match options.action:
            case "remove":
                await accounts.remove(session, options.name)
                return f"removed {options.name}; their sessions are ended"
            case "sign-out":
                ended = await sessions.end_all(session, await _id_of(session, options.name))
                return f"ended {ended} sessions of {options.name}"
            case "reset":
                token = await accounts.reset(session, options.name, now)
            case _:
                token = await accounts.add(session, options.name, options.role, now)
    return _link(console, token)


async def _users(session: AsyncSession) -> str:
    lines = [
        f"{user.name}  {user.role}  {user.sessions} sessions"
        + ("" if user.has_password else "  no password yet")
        for user in await accounts.listed(session)
    ]
    return "\n".join(lines) or _NOBODY


async def _browsers(session: AsyncSession, name: str | None, now: datetime) -> str:
    user_id = None if name is None else await _id_of(session, name)
    lines = [
        f"{each.user}  since {each.created_at:{_TIME}}, last seen {each.last_seen_at:{_TIME}} UTC"
        for each in await sessions.listed(session, now, user_id)
    ]
    return "\n".join(lines) or "no user is signed in"


async def _id_of(session: AsyncSession, name: str) -> int:
    if (user := await accounts.find(session, name)) is None:
        raise UserError(f"there is no user {name}")
    return user.id


def _link(console: str, token: str) -> str:
    hours = round(LINK_LASTS.total_seconds() / 3600)
    what = "this path on the API's address" if console.startswith("/") else "this address"
    return f"Open {what} within {hours} hours; the link works once:\n{console}/welcome/{token}"
