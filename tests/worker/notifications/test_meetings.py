"""«17 записан пятница 15:00»: how the owner's times are read, and what becomes of the lead."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.database.engine import Database
from shared.leads.handoff import lock
from shared.statuses import LeadStatus
from tests.support.rows import NOW, add_lead, now_of
from worker.notifications.commands import command_parser, meetings
from worker.notifications.commands.meeting_times import parse_meeting

MOSCOW = ZoneInfo("Europe/Moscow")
# A Tuesday.
TUESDAY = datetime(2026, 11, 24, 16, 0, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("пятница 15:00", "2026-11-27T15:00"),
        ("в пятницу в 15:00", "2026-11-27T15:00"),
        ("пт, 15.00", "2026-11-27T15:00"),
        ("Friday at 3 pm", "2026-11-27T15:00"),
        ("вторник 15:00", "2026-12-01T15:00"),
        ("вторник 17:00", "2026-11-24T17:00"),
        ("завтра в 9 часов", "2026-11-25T09:00"),
        ("17:30", "2026-11-24T17:30"),
        ("в 15:00", "2026-11-25T15:00"),
        ("04.12 15:00", "2026-12-04T15:00"),
        ("15:00 04.12.2026", "2026-12-04T15:00"),
        ("4 декабря 15:00", "2026-12-04T15:00"),
        ("12.01 10:00", "2027-01-12T10:00"),
        ("2026-12-04 10:00", "2026-12-04T10:00"),
        ("пятница", None),
        ("31.02 10:00", None),
        ("25:00", None),
        ("сегодня 10:00", None),
        ("", None),
    ],
)
def test_times_as_people_write_them(text: str, when: str | None) -> None:
    found = parse_meeting(text, TUESDAY)
    assert (found and found.strftime("%Y-%m-%dT%H:%M")) == when


@pytest.mark.parametrize(
    ("note", "action", "text"),
    [
        ("17 записан пятница 15:00", "booked", "пятница 15:00"),
        ("#17 Записалась: завтра в 9", "booked", "завтра в 9"),
        ("17 booked Friday 3 pm", "booked", "Friday 3 pm"),
        ("17 не записан", "not_booked", ""),
        ("17 not booked", "not_booked", ""),
    ],
)
def test_commands(note: str, action: str, text: str) -> None:
    command = command_parser.parse(note)
    assert command is not None
    assert (command.action, command.lead, command.text) == (action, 17, text)


async def test_a_meeting_is_booked_moved_and_called_off(kept_database: Database) -> None:
    lead = await add_lead(kept_database, status=LeadStatus.ENGAGED, due_at=None)
    for text, status in (("завтра 15:00", "booked"), ("завтра 16:00", "booked"), (None, "scheduled")):
        note = f"{lead.id} записан {text}" if text else f"{lead.id} не записан"
        command = command_parser.parse(note)
        assert command is not None
        async with kept_database.writing() as session:
            locked = await lock(session, lead.id)
            assert locked is not None
            answer = await meetings.book(session, locked, command, now=NOW, zone=MOSCOW)
        after = await now_of(kept_database, lead)
        assert (after.status, str(lead.id) in answer) == (status, True)
        if text:
            local = (NOW + timedelta(days=1)).astimezone(MOSCOW)
            assert after.meeting_at == local.replace(hour=int(text[-5:-3]), minute=0, second=0, microsecond=0)
