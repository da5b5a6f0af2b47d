"""Plans what people asked for while a program of before revision 0020 ran, which stored no plan."""

from sqlalchemy import exists
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, Message, PlannedMessage
from shared.leads import plans

_NEWEST_MESSAGE = (
    select(func.coalesce(func.max(col(Message.id)), 0))
    .where(col(Message.lead_id) == col(Lead.id))
    .scalar_subquery()
)
_HAS_PLAN = exists().where(
    col(PlannedMessage.lead_id) == col(Lead.id), col(PlannedMessage.state).in_(("planned", "queued"))
)


async def adopt_requests(session: AsyncSession, account_id: int) -> int:
    """Plan the requested messages of an account's leads that have none; returns how many there were.

    A program of before 0020 stores the time in `leads.follow_up_at` alone. It has stopped when a worker
    registers for its account.
    """
    found = await session.exec(
        select(Lead.id, Lead.follow_up_at, _NEWEST_MESSAGE).where(
            col(Lead.account_id) == account_id,
            # Such a lead waits for its time: this index has few leads.
            col(Lead.due_at).is_not(None),
            col(Lead.follow_up_at).is_not(None),
            ~_HAS_PLAN,
        )
    )
    rows = [
        {
            "lead_id": lead_id,
            "kind": "requested",
            "key": f"requested:{lead_id}:{send_at}",
            "send_at": send_at,
            "after_message_id": newest,
        }
        for lead_id, send_at, newest in found.all()
    ]
    return await plans.add(session, rows)
