"""Finds the message that a contact replies to: Telegram sends only its id."""

from dataclasses import replace

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Message
from worker.domain import content_markers
from worker.domain.telegram_port import Incoming


async def with_quote(session: AsyncSession, account_id: int, incoming: Incoming) -> Incoming:
    """Return the message with `[reply to “…”]` before its text, if it replies to another one."""
    if incoming.reply_to is None:
        return incoming
    found = await session.exec(
        select(Message.text).where(
            col(Message.account_id) == account_id, col(Message.telegram_message_id) == incoming.reply_to
        )
    )
    quote = content_markers.reply(found.first() or "")
    return replace(incoming, text=f"{quote} {incoming.text}", reply_to=None)
