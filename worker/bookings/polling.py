"""Asks Calendly for bookings: the only way without a public address, and a net below the webhook with one."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.backoff import GrowingPause
from shared.bookings import calendly, changes
from shared.bookings.calendly_api import CalendlyApi, CalendlyError
from shared.bookings.changes import CALENDLY, BookingChange, UnreadableBookingError
from shared.bookings.connection import ACTIVE, Connection
from shared.bookings.record import record
from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import Database
from shared.database.models import BOOKING_CONNECTIONS, Booking, BookingConnection, BookingEvent

log = logging.getLogger(__name__)

# With a working webhook, polling only finds what it has missed.
POLL_EVERY, NET_EVERY, LOOK_EVERY = timedelta(minutes=5), timedelta(hours=24), timedelta(hours=24)
# A poll that has not ended well holds for so long only: another one follows.
CLAIM_LASTS = timedelta(minutes=5)
BEFORE, AHEAD = timedelta(days=1), timedelta(days=60)
# The pauses after failures, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
ACTOR = "polling"
# These refuse one booking; another one may be told.
_REFUSED = frozenset({400, 403, 404, 410})
_CONNECTION = BOOKING_CONNECTIONS.c


@dataclass
class Polling:
    """The polling of one worker; of several, one polls at a time. `region`: of phones without a country."""

    database: Database
    clock: Clock
    api: CalendlyApi
    region: str
    # Events whose invitees were read, with what was seen of them.
    seen: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    # As the last look found it.
    is_webhook_broken: bool = False
    _not_before: datetime | None = None
    _pauses: GrowingPause = field(
        default_factory=lambda: GrowingPause(base=FIRST_PAUSE, maximum=LONGEST_PAUSE)
    )
    # Bookings without a time for which Calendly was asked.
    _asked: set[int] = field(default_factory=set)

    async def run_once(self) -> int:
        """Do what is due; returns how many changes were new. After a failure, the next try waits longer."""
        now = self.clock()
        if self._not_before is not None and now < self._not_before:
            return 0
        try:
            every = NET_EVERY if await self._look_at_subscription(now) == ACTIVE else POLL_EVERY
            found = await self._complete(now)
            if await self._claim(now, every):
                found += await self.poll(now)
                await self._store(now, polled_at=now, error=None)
        except CalendlyError as error:
            pause = timedelta(seconds=max(error.retry_after or 0, self._pauses.failed()))
            log.warning("Calendly is asked again in %d s: %s", pause.total_seconds(), error)
            self._not_before = now + pause
            await self._store(now, polled_at=None, error=str(error))
            return 0
        self._pauses.succeeded()
        return found

    async def poll(self, now: datetime) -> int:
        """Read the events around now and record what is new; returns how many changes were new."""
        user, _ = await self.api.me()
        found, looked_at = 0, set[str]()
        async for event in self.api.events(user, now - BEFORE, now + AHEAD):
            uri = changes.text(event, "uri")
            looks = (changes.text(event, "updated_at"), changes.text(event, "status"))
            start = changes.moment(event, "start_time")
            # A no-show is marked at the invitee: the event stays as it was.
            is_over = start is not None and start < now
            if uri is None:
                continue
            looked_at.add(uri)
            if self.seen.get(uri) != looks or is_over:
                found += await self._read(uri, event, now)
                self.seen[uri] = looks
        self.seen = {uri: looks for uri, looks in self.seen.items() if uri in looked_at}
        return found

    async def _complete(self, now: datetime) -> int:
        """Ask for bookings that were reported without their time: some calls lack the scheduled event."""
        rows = select(Booking.id, Booking.external_id).where(
            col(Booking.source) == CALENDLY,
            col(Booking.start_at).is_(None),
            col(Booking.state) == "booked",
            col(Booking.created_at) > now - NET_EVERY,
        )
        async with self.database.reading() as session:
            waiting = dict((await session.exec(rows)).all())
        # Each is asked for once: an event that is gone does not come back.
        self._asked &= waiting.keys()
        found = 0
        for number, name in waiting.items():
            uri = calendly.event_of(name)
            if number in self._asked or uri is None:
                continue
            try:
                if (event := await self.api.event(uri)) is not None:
                    found += await self._read(uri, event, now)
            except CalendlyError as error:
                if error.status not in _REFUSED:
                    raise
                log.warning("Calendly does not tell the time of booking %d: %s", number, error)
            self._asked.add(number)
        return found

    async def _read(self, uri: str, event: Mapping[str, Any], now: datetime) -> int:
        """Record what is new of the invitees of an event; returns how many changes were new."""
        found = 0
        async for invitee in self.api.invitees(uri):
            try:
                told = calendly.read_invitee(invitee, event, now)
            except UnreadableBookingError as error:
                log.warning("an invitee of Calendly cannot be read: %s", error)
                continue
            for one in await self._unknown(told, invitee, now):
                async with self.database.writing() as session:
                    recorded = await record(session, one, now=now, actor=ACTOR, region=self.region)
                found += recorded.is_new
        return found

    async def _unknown(
        self, told: list[BookingChange], invitee: Mapping[str, Any], now: datetime
    ) -> list[BookingChange]:
        """Return those changes that are not stored yet; all of them if the booking has no time yet."""
        async with self.database.reading() as session:
            booking = await _booking(session, told[0].external_id)
            keys = select(BookingEvent.key).where(col(BookingEvent.key).in_([one.key for one in told]))
            known = set((await session.exec(keys)).all())
        if booking is not None and booking.state == "no_show" and not invitee.get("no_show"):
            # It is no longer marked: it was taken back.
            call = {"event": "invitee_no_show.deleted", "created_at": now.isoformat(), "payload": invitee}
            taken_back = calendly.read_call(call, now)
            told = [*told, taken_back] if taken_back is not None else told
        lacks_time = booking is not None and booking.start_at is None
        return [one for one in told if lacks_time or one.key not in known]

    async def _claim(self, now: datetime, every: timedelta) -> bool:
        """Return True if it is time to poll, for this worker.

        The claim is short: a worker that dies while it polls leaves the next poll to come soon.
        """
        polled_at = _CONNECTION.polled_at
        async with self.database.writing() as session:
            await session.exec(
                insert_for(session, BookingConnection)
                .values(source=CALENDLY, updated_at=now)
                .on_conflict_do_nothing(index_elements=["source"])
            )
            claimed = await session.exec(
                update(BOOKING_CONNECTIONS)
                # A time to come was written by a clock that was wrong.
                .where(
                    _CONNECTION.source == CALENDLY,
                    or_(polled_at.is_(None), polled_at > now, polled_at <= now - every),
                )
                .values(polled_at=now - every + CLAIM_LASTS)
                .returning(_CONNECTION.source)
            )
            return claimed.first() is not None

    async def _look_at_subscription(self, now: datetime) -> str | None:
        """Return the state of the webhook, None without one; once a day, Calendly is asked for it."""
        async with self.database.reading() as session:
            rows = select(BookingConnection).where(col(BookingConnection.source) == CALENDLY)
            known = (await session.exec(rows)).first()
        state = known.state if known is not None and known.callback_url is not None else None
        if known is not None and known.callback_url is not None and _is_due(known.checked_at, now):
            state, sentence = await Connection(self.database, self.api).status(now=now)
            if state != ACTIVE:
                log.warning("Calendly: %s", sentence)
        self.is_webhook_broken = state not in (None, ACTIVE)
        return state

    async def _store(self, now: datetime, **values: object) -> None:
        async with self.database.writing() as session:
            await session.exec(
                update(BOOKING_CONNECTIONS)
                .where(_CONNECTION.source == CALENDLY)
                .values(updated_at=now, **values)
            )


def _is_due(checked_at: datetime | None, now: datetime) -> bool:
    # As for a poll, a time to come does not count.
    return checked_at is None or not timedelta() <= now - checked_at < LOOK_EVERY


async def _booking(session: AsyncSession, external_id: str) -> Booking | None:
    rows = select(Booking).where(col(Booking.source) == CALENDLY, col(Booking.external_id) == external_id)
    return (await session.exec(rows)).first()
