"""The queries of what an account has used of its limits in the last 24 hours."""

from datetime import datetime

from sqlalchemy import BigInteger, Text, bindparam, delete, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.columns import UtcDateTime
from shared.database.models import AccountCall
from worker.domain.outreach_policy import DAY

NEW_CONVERSATIONS = "new_conversations"
RESOLVE_USERNAME = "contacts.resolveUsername"
RESOLVE_PHONE = "contacts.resolvePhone"
IMPORT_CONTACTS = "contacts.importContacts"
SEND_MESSAGE = "messages.sendMessage"


async def next_free_slot_at(
    session: AsyncSession, account_id: int, method: str, most: int, *, now: datetime
) -> datetime | None:
    """When there is room for one more use within `most` in 24 hours; None if there is now."""
    values = {"account": account_id, "method": method, "since": now - DAY, "before": most - 1}
    found = await session.exec(_LATEST, params=values)
    last = found.first()
    return None if last is None else last + DAY


_LATEST = (
    select(col(AccountCall.at))
    .where(
        col(AccountCall.account_id) == bindparam("account", type_=BigInteger()),
        col(AccountCall.method) == bindparam("method", type_=Text()),
        col(AccountCall.at) > bindparam("since", type_=UtcDateTime()),
    )
    .order_by(col(AccountCall.at).desc())
    .offset(bindparam("before", type_=BigInteger()))
    .limit(1)
)


async def note(session: AsyncSession, account_id: int, method: str, *, now: datetime) -> None:
    """Count a use: before it is made, since it may count with Telegram however it ends."""
    await session.exec(insert(AccountCall).values(account_id=account_id, method=method, at=now))


async def forget_old(session: AsyncSession, *, now: datetime) -> None:
    """Drop what counts no more; a day longer than needed, for whoever looks."""
    await session.exec(delete(AccountCall).where(col(AccountCall.at) < now - 2 * DAY))
