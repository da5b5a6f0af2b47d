"""Queries of the calls that an account has made in the last 24 hours."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.columns import UtcDateTime
from shared.database.models import CALLS, AccountCall
from worker.domain.sending_limits import DAY

NEW_CONVERSATIONS = "new_conversations"
RESOLVE_USERNAME = "contacts.resolveUsername"
RESOLVE_PHONE = "contacts.resolvePhone"
IMPORT_CONTACTS = "contacts.importContacts"
SEND_MESSAGE = "messages.sendMessage"


async def next_free_slot_at(
    session: AsyncSession, account_id: int, method: str, limit: int, *, now: datetime
) -> datetime | None:
    """Return when one more call fits into `limit` calls in 24 hours (UTC); None if it fits now."""
    values = {"account": account_id, "method": method, "since": now - DAY, "newer": limit - 1}
    found = await session.exec(_NTH_LATEST_CALL, params=values)
    called_at = found.first()
    return None if called_at is None else called_at + DAY


_NTH_LATEST_CALL = (
    select(col(AccountCall.at))
    .where(
        col(AccountCall.account_id) == bindparam("account", type_=BigInteger()),
        col(AccountCall.method) == bindparam("method", type_=Text()),
        col(AccountCall.at) > bindparam("since", type_=UtcDateTime()),
    )
    .order_by(col(AccountCall.at).desc())
    .offset(bindparam("newer", type_=BigInteger()))
    .limit(1)
)


async def delete_expired_calls(session: AsyncSession, *, now: datetime) -> None:
    """Delete calls that no longer count; they are kept one day longer, so that an operator can see them.

    The calls of the day before the newest stay, whatever `now` is: a wrong clock must not forget them.
    """
    newest = await session.exec(select(func.max(CALLS.c.at)))
    before = min(now, newest.first() or now) - 2 * DAY
    await session.exec(delete(CALLS).where(CALLS.c.at < before))
