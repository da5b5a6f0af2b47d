"""Reads Calendly's scheduled events and their invitees."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.bookings import calendly, changes
from shared.bookings.changes import Listed, UnreadableBookingError
from shared.bookings.schedulers.calendly_api import CalendlyApi
from shared.bookings.schedulers.http_api import SchedulerError
from worker.bookings.readers.reader import AHEAD, BEFORE, REFUSED

log = logging.getLogger(__name__)


@dataclass
class CalendlyReader:
    """Asks for the invitees of new and changed events only: each event costs a call."""

    api: CalendlyApi
    # Events whose invitees were read, with what was seen of them.
    seen: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    # Events whose invitees Calendly refuses to tell.
    refused: set[str] = field(default_factory=set)

    async def read(self, now: datetime) -> AsyncIterator[Listed]:
        """Yield the invitees of the events around now."""
        account = await self.api.account()
        looked_at = set[str]()
        async for event in self.api.events(account.user, now - BEFORE, now + AHEAD):
            uri = changes.text(event, "uri")
            looks = (changes.text(event, "updated_at"), changes.text(event, "status"))
            start = changes.moment(event, "start_time")
            # A no-show is marked at the invitee: the event stays as it was.
            is_over = start is not None and start < now
            if uri is None:
                continue
            looked_at.add(uri)
            if self.seen.get(uri) == looks and not is_over:
                continue
            try:
                async for one in self._invitees(uri, event, now):
                    yield one
            except SchedulerError as error:
                if error.status not in REFUSED:
                    raise
                self._report_refused(uri, error)
                continue
            self.seen[uri] = looks
            self.refused.discard(uri)
        self.seen = {uri: looks for uri, looks in self.seen.items() if uri in looked_at}
        self.refused &= looked_at

    async def ask(self, external_id: str, now: datetime) -> AsyncIterator[Listed]:
        """Yield the invitees of the event to which an invitee belongs."""
        uri = calendly.event_of(external_id)
        event = await self.api.event(uri) if uri is not None else None
        if uri is not None and event is not None:
            async for one in self._invitees(uri, event, now):
                yield one

    async def _invitees(self, uri: str, event: Mapping[str, Any], now: datetime) -> AsyncIterator[Listed]:
        async for invitee in self.api.invitees(uri):
            try:
                told = calendly.read_invitee(invitee, event, now)
                # If it is known as missed and is no longer marked, that was taken back.
                call = {"event": "invitee_no_show.deleted", "created_at": now.isoformat(), "payload": invitee}
                taken_back = None if invitee.get("no_show") else calendly.read_call(call, now)
            except UnreadableBookingError as error:
                log.warning("an invitee of Calendly cannot be read: %s", error)
                continue
            yield Listed(tuple(told), taken_back=taken_back)

    def _report_refused(self, uri: str, error: SchedulerError) -> None:
        # It is asked again in each poll; one line in the log is enough.
        level = logging.DEBUG if uri in self.refused else logging.WARNING
        log.log(
            level, "the invitees of %s are left out, and asked for again in the next poll: %s", uri, error
        )
        self.refused.add(uri)
