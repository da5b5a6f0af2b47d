"""Asks a scheduler for bookings: the only way without a public address, and a net below the webhook."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import col, select

from shared.backoff import GrowingPause
from shared.bookings.attendees import name_bookings
from shared.bookings.booking_store import is_known, record
from shared.bookings.changes import BookingChange, Listed
from shared.bookings.schedulers.connection import Connection
from shared.bookings.schedulers.http_api import SchedulerError
from shared.bookings.schedulers.port import ACTIVE
from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import Database
from shared.database.models import BOOKING_CONNECTIONS, Booking, BookingConnection, BookingEvent
from worker.bookings.readers.reader import REFUSED, Reader

log = logging.getLogger(__name__)

# With a working webhook, polling only finds what it has missed.
POLL_EVERY, NET_EVERY, LOOK_EVERY = timedelta(minutes=5), timedelta(hours=24), timedelta(hours=24)
# A poll that has not ended well holds for so long only: another one follows.
CLAIM_LASTS = timedelta(minutes=5)
# The pauses after failures, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
ACTOR = "polling"
_CONNECTION = BOOKING_CONNECTIONS.c


@dataclass
class Polling:
    """The polling of one scheduler; of several workers, one polls at a time.

    `region`: of phones without a country.
    """

    database: Database
    clock: Clock
    reader: Reader
    region: str
    # As the last look found it.
    is_webhook_broken: bool = False
    _not_before: datetime | None = None
    _pauses: GrowingPause = field(
        default_factory=lambda: GrowingPause(base=FIRST_PAUSE, maximum=LONGEST_PAUSE)
    )
    # Bookings without a time for which the scheduler was asked.
    _asked: set[int] = field(default_factory=set)
    # Guests of a meeting who matched no lead: looking for one takes long, and each poll lists them.
    _strangers: set[tuple[str, str | None]] = field(default_factory=set)

    @property
    def source(self) -> str:
        """The scheduler's name in the database."""
        return self.reader.api.source

    @property
    def name(self) -> str:
        """The scheduler's name for people."""
        return self.reader.api.name

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
        except SchedulerError as error:
            pause = timedelta(seconds=max(error.retry_after or 0, self._pauses.failed()))
            log.warning("%s is asked again in %d s: %s", self.name, pause.total_seconds(), error)
            self._not_before = now + pause
            await self._store(now, polled_at=None, error=str(error))
            return 0
        self._pauses.succeeded()
        return found

    async def poll(self, now: datetime) -> int:
        """Read the bookings around now and record what is new; returns how many changes were new."""
        return sum([await self._record(one, now) async for one in self.reader.read(now)])

    async def _complete(self, now: datetime) -> int:
        """Ask for bookings that were reported without their time: some calls lack it."""
        rows = select(Booking.id, Booking.external_id).where(
            col(Booking.source) == self.source,
            col(Booking.start_at).is_(None),
            col(Booking.state) == "booked",
            col(Booking.created_at) > now - NET_EVERY,
        )
        async with self.database.reading() as session:
            waiting = dict((await session.exec(rows)).all())
        # Each is asked for once: one that is gone does not come back.
        self._asked &= waiting.keys()
        found = 0
        for number, name in waiting.items():
            if number in self._asked:
                continue
            try:
                found += sum([await self._record(one, now) async for one in self.reader.ask(name, now)])
            except SchedulerError as error:
                if error.status not in REFUSED:
                    raise
                log.warning("%s does not tell the time of booking %d: %s", self.name, number, error)
            self._asked.add(number)
        return found

    async def _record(self, listed: Listed, now: datetime) -> int:
        """Record what is new of a booking; returns how many changes were new."""
        found = 0
        for one in await self._unknown(listed, now):
            async with self.database.writing() as session:
                recorded = await record(session, one, now=now, actor=ACTOR, region=self.region)
            found += recorded.is_new
        return found

    async def _unknown(self, listed: Listed, now: datetime) -> list[BookingChange]:
        """Return those changes that are not stored yet; all of them if the booking has no time yet."""
        guest = (listed.changes[0].external_id, listed.changes[0].attendee)
        if guest in self._strangers:
            return []
        marks = [one for one in (listed.missed, listed.taken_back, listed.moved) if one is not None]
        async with self.database.reading() as session:
            named = await name_bookings(session, [*listed.changes, *marks])
            told, marks = named[: len(listed.changes)], named[len(listed.changes) :]
            if told[0].is_kept_only_if_known and not await is_known(
                session, told[0], now=now, region=self.region
            ):
                self._strangers.add(guest)
                return []
            rows = select(Booking).where(
                col(Booking.source) == self.source, col(Booking.external_id) == told[0].external_id
            )
            booking = (await session.exec(rows)).first()
            keys = select(BookingEvent.key).where(col(BookingEvent.key).in_([one.key for one in named]))
            known = set((await session.exec(keys)).all())
        lacks_time = booking is not None and booking.start_at is None
        found = [one for one in told if lacks_time or one.key not in known]
        return found + [one for one in marks if one.key not in known and _holds(one, booking)]

    async def _claim(self, now: datetime, every: timedelta) -> bool:
        """Return True if it is time to poll, for this worker.

        The claim is short: a worker that dies while it polls leaves the next poll to come soon.
        """
        polled_at = _CONNECTION.polled_at
        async with self.database.writing() as session:
            await session.exec(
                insert_for(session, BookingConnection)
                .values(source=self.source, updated_at=now)
                .on_conflict_do_nothing(index_elements=["source"])
            )
            claimed = await session.exec(
                update(BOOKING_CONNECTIONS)
                # A time to come was written by a clock that was wrong.
                .where(
                    _CONNECTION.source == self.source,
                    or_(polled_at.is_(None), polled_at > now, polled_at <= now - every),
                )
                .values(polled_at=now - every + CLAIM_LASTS)
                .returning(_CONNECTION.source)
            )
            return claimed.first() is not None

    async def _look_at_subscription(self, now: datetime) -> str | None:
        """Return the state of the webhook, None without one; once a day, the scheduler is asked for it."""
        async with self.database.reading() as session:
            rows = select(BookingConnection).where(col(BookingConnection.source) == self.source)
            known = (await session.exec(rows)).first()
        state = known.state if known is not None and known.callback_url is not None else None
        if known is not None and known.callback_url is not None and _is_due(known.checked_at, now):
            state, sentence = await Connection(self.database, self.reader.api).status(now=now)
            if state != ACTIVE:
                log.warning("%s: %s", self.name, sentence)
        self.is_webhook_broken = state not in (None, ACTIVE)
        return state

    async def _store(self, now: datetime, **values: object) -> None:
        async with self.database.writing() as session:
            await session.exec(
                update(BOOKING_CONNECTIONS)
                .where(_CONNECTION.source == self.source)
                .values(updated_at=now, **values)
            )


def _holds(marked: BookingChange, booking: Booking | None) -> bool:
    """Return True if a listed mark tells something new of a booking."""
    is_missed = booking is not None and booking.state == "no_show"
    match marked.kind:
        case "no_show_undone":
            return is_missed
        case "no_show":
            return not is_missed
        case _:
            # Polling sees the time alone, however the meeting got it: record decides which is newer.
            is_standing = booking is not None and booking.state in ("booked", "no_show")
            return is_standing and booking is not None and booking.start_at not in (None, marked.start)


def _is_due(checked_at: datetime | None, now: datetime) -> bool:
    # As for a poll, a time to come does not count.
    return checked_at is None or not timedelta() <= now - checked_at < LOOK_EVERY
