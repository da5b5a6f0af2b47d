"""Leads of strangers who write first (INBOUND_LEADS=create)."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead
from shared.leads.telegram_link import telegram_link
from shared.statuses import LeadStatus
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox

SOURCE = "telegram"


async def create(
    session: AsyncSession, account_id: int, message: Incoming, *, now: datetime, debounce: timedelta
) -> Lead | None:
    """Store a lead of the message's sender, and the message; returns the lead. The sender must be known."""
    sender = message.sender
    if sender is None or sender.access_hash is None:
        return None
    username = next(iter(sender.usernames), None)
    # A lead needs a contact that a human can use. This link opens the chat in Telegram's apps.
    phone = f"+{sender.phone}" if sender.phone else None if username else telegram_link(sender.user_id)
    lead = Lead(
        name=sender.name,
        username=username,
        phone=phone,
        phone_e164=phone if sender.phone else None,
        source=SOURCE,
        status=LeadStatus.PENDING,
        due_at=None,
        account_id=account_id,
        telegram_user_id=sender.user_id,
        access_hash=sender.access_hash,
        created_at=now,
        updated_at=now,
    )
    session.add(lead)
    await session.flush()
    return await inbox.receive(session, account_id, message, now=now, debounce=debounce)
