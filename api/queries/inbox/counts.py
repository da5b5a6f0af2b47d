"""The counts of the inbox, and the choices of its filters."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, TelegramAccount
from shared.statuses import LeadStatus

# Above it a count stops: counting hundreds of thousands would take longer than the page.
MOST_COUNTED = 1000
# The newest so many leads name the sources to choose from.
_NEWEST = 1000


async def count_statuses(session: AsyncSession) -> Mapping[LeadStatus, int]:
    """Return how many leads have each status, at most MOST_COUNTED + 1."""
    some = {
        status: select(Lead.id).where(col(Lead.status) == status).limit(MOST_COUNTED + 1).subquery()
        for status in LeadStatus
    }
    counts = [
        select(func.count()).select_from(each).scalar_subquery().label(status.value)
        for status, each in some.items()
    ]
    row = (await (await session.connection()).execute(sql_select(*counts))).one()
    return dict(zip(LeadStatus, row, strict=True))


async def sources(session: AsyncSession) -> Sequence[str]:
    """Return the sources of the newest leads."""
    newest = select(Lead.source).order_by(col(Lead.id).desc()).limit(_NEWEST).subquery()
    found = await session.exec(select(newest.c.source).distinct())
    return sorted(found.all())


async def accounts(session: AsyncSession) -> Sequence[tuple[int, str]]:
    """Return the Telegram accounts with their names."""
    found = await session.exec(select(TelegramAccount).order_by(col(TelegramAccount.id)))
    return [(each.id, each.display_name) for each in found]
