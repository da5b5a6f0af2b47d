"""The owner's command about a meeting: `17 booked Friday 15:00`, `17 not booked`."""

from datetime import datetime, tzinfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings import by_hand
from shared.database.models import Lead
from worker.notifications.commands import command_parser
from worker.notifications.commands.command_parser import Command
from worker.notifications.commands.meeting_times import parse_meeting

ACTOR = "owner"


async def book(session: AsyncSession, lead: Lead, command: Command, *, now: datetime, zone: tzinfo) -> str:
    """Book, move or cancel the meeting of a locked lead; returns the answer to the owner."""
    if command.action == "not_booked":
        is_by_hand = await by_hand.entered(session, lead.id) is not None
        await by_hand.book(session, lead, start=None, actor=ACTOR, now=now)
        answer = "not_booked" if is_by_hand else "booked_elsewhere" if lead.meeting_at else "no_meeting"
        return command_parser.render(command.language, answer, lead=lead.id)
    start = parse_meeting(command.text, now.astimezone(zone))
    if start is None:
        return command_parser.render(command.language, "when", lead=lead.id)
    await by_hand.book(session, lead, start=start, actor=ACTOR, now=now)
    when = f"{start:%d.%m.%Y, %H:%M}"
    return command_parser.render(command.language, "booked", lead=lead.id, text=when)
