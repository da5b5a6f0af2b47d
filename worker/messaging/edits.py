"""Stores what people change in messages that they have sent."""

from sqlalchemy import func, update
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import MESSAGES
from worker.domain import marks
from worker.domain.telegram_port import Incoming

# A message may be edited any number of times.
MAX_LENGTH = 20_000


async def store(session: AsyncSession, account_id: int, incoming: Incoming) -> None:
    """Store the new text of a message; after the old text if that was answered already.

    It answers nothing by itself: most edits correct a letter. An edit of an unknown message is ignored.
    """
    is_it = (
        MESSAGES.c.account_id == account_id,
        MESSAGES.c.telegram_message_id == incoming.message_id,
        MESSAGES.c.direction == "in",
    )
    await session.exec(
        update(MESSAGES).where(*is_it, MESSAGES.c.state == "received").values(text=incoming.text)
    )
    if not marks.strip_marks(incoming.text):
        # A live place moves, tasks are ticked off, a poll gets votes.
        return
    added = f"\n{marks.EDITED} {incoming.text}"
    await session.exec(
        update(MESSAGES)
        .where(
            *is_it,
            MESSAGES.c.state == "handled",
            MESSAGES.c.text != incoming.text,
            # The same edit may arrive again.
            ~MESSAGES.c.text.endswith(added, autoescape=True),
            func.length(MESSAGES.c.text) < MAX_LENGTH,
        )
        .values(text=MESSAGES.c.text + added)
    )
