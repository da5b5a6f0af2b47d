"""Reads Cal.com's bookings: one list has all that there is to know."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.bookings import attendees, calcom, changes
from shared.bookings.changes import Listed, UnreadableBookingError
from shared.bookings.schedulers.calcom_api import CalcomApi
from worker.bookings.readers.reader import AHEAD, BEFORE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CalcomReader:
    """Reads the list from its beginning in each poll: a call for a hundred bookings."""

    api: CalcomApi

    async def read(self, now: datetime) -> AsyncIterator[Listed]:
        """Yield the bookings around now, the oldest first."""
        listed = [one async for one in self.api.bookings(now - BEFORE, now + AHEAD)]
        # The earlier booking does not always name the one that took its place.
        moved = {
            before: uid
            for one in listed
            if (before := changes.text(one, "rescheduledFromUid")) and (uid := changes.text(one, "uid"))
        }
        for one in listed:
            for told in _read(one, now, moved.get(changes.text(one, "uid") or "")):
                yield told

    async def ask(self, external_id: str, now: datetime) -> AsyncIterator[Listed]:
        """Yield one booking, for each attendee."""
        found = await self.api.booking(attendees.shared_name(external_id))
        for told in _read(found, now, None) if found is not None else ():
            yield told


def _read(booking: Mapping[str, Any], now: datetime, moved_to: str | None) -> list[Listed]:
    try:
        return calcom.read_booking(booking, now, moved_to=moved_to)
    except UnreadableBookingError as error:
        log.warning("a booking of Cal.com cannot be read: %s", error)
        return []
