"""Notices about bookings: one that matched no lead, and a webhook that is disabled."""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Booking
from shared.translations import Language
from worker.notifications import notices

# A reschedule has two halves: the second one may bring the lead.
_SETTLED_AFTER = timedelta(minutes=2)
_RECENT = timedelta(days=2)
_UNMATCHED = {
    "ru": "Запись на встречу ни к кому не привязана: {who}, {when}."
    " Привязать: консоль, «Обзор», или POST /bookings/{id}/lead",
    "en": "A booking matches no lead: {who}, {when}."
    " Tie it: the console, Overview, or POST /bookings/{id}/lead",
}
_DISABLED = {
    "ru": "{name} больше не присылает уведомления о записях: они приходят с задержкой, через опрос."
    " Включить снова: python -m api {source} connect",
    "en": "{name} has disabled or lost the webhook: bookings come late, by polling."
    " To enable it again: python -m api {source} connect",
}


async def report_unmatched(
    session: AsyncSession, account_id: int, language: Language, *, now: datetime
) -> None:
    """Add a notice for each recent booking that matched no lead, once."""
    rows = select(Booking).where(
        col(Booking.lead_id).is_(None),
        col(Booking.created_at) > now - _RECENT,
        col(Booking.created_at) < now - _SETTLED_AFTER,
        col(Booking.state) == "booked",
    )
    for booking in (await session.exec(rows)).all():
        who = booking.name or booking.email or booking.phone or booking.external_id
        when = f"{booking.start_at:%d.%m %H:%M} UTC" if booking.start_at else "?"
        text = _UNMATCHED[language].format(who=" ".join(who.split())[:80], when=when, id=booking.id)
        await notices.add(session, f"booking:{booking.id}:unmatched", text, now=now, account_id=account_id)


async def report_disabled(
    session: AsyncSession, account_id: int, language: Language, source: str, name: str, *, now: datetime
) -> None:
    """Add a notice that a scheduler's webhook is disabled, once a day."""
    key = f"{source}:disabled:{now:%Y-%m-%d}"
    text = _DISABLED[language].format(source=source, name=name)
    await notices.add(session, key, text, now=now, account_id=account_id)
