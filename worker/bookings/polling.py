"""Asks Calendly for bookings: the only way without a public address, and a net below the webhook with one."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings import calendly, changes
from shared.bookings.calendly_api import CalendlyApi, CalendlyError
from shared.bookings.changes import CALENDLY, BookingChange, UnreadableBookingError
from shared.bookings.connection import ACTIVE, Connection
from shared.bookings.record import record
from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import BOOKING_CONNECTIONS, Booking, BookingConnection, BookingEvent
from shared.texts import Language
from worker.bookings import notices

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
# With a working webhook, polling only finds what it has missed.
POLL_EVERY, NET_EVERY, LOOK_EVERY = timedelta(minutes=5), timedelta(hours=24), timedelta(hours=24)
BEFORE, AHEAD = timedelta(days=1), timedelta(days=60)
ACTOR = "polling"


@dataclass
class BookingRounds:
    """The rounds of one worker; of several, one polls at a time. `language`: of the owner's notices."""

    database: Database
    account_id: int
    clock: Clock
    language: Language | None
    api: CalendlyApi | None
    seconds: float = ROUND_SECONDS
    # Events whose invitees were read, with what was seen of them.
    seen: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    _not_before: datetime | None = None

    async def run(self) -> None:
        """Look at bookings until cancelled."""
        while True:
            try:
                await self.run_once()
            except DATABASE_DOWN as error:
                log.warning("bookings are looked at later: %s", type(error).__name__)
            await asyncio.sleep(self.seconds)

    async def run_once(self) -> int:
        """Tell the owner of bookings that matched nobody, and poll if it is time; returns new changes."""
        now = self.clock()
        if self.language is not None:
            async with self.database.writing() as session:
                await notices.report_unmatched(session, self.account_id, self.language, now=now)
        if self.api is None or (self._not_before is not None and now < self._not_before):
            return 0
        try:
            await self._look_at_subscription(self.api, now)
            return await self.poll(self.api, now) if await self._claim(now) else 0
        except CalendlyError as error:
            log.warning("Calendly is asked again later: %s", error)
            self._not_before = now + timedelta(seconds=max(error.retry_after or 0, self.seconds))
            await self._store_error(str(error), now)
            return 0

    async def poll(self, api: CalendlyApi, now: datetime) -> int:
        """Read the events around now and record what is new; returns how many changes were new."""
        user, _ = await api.me()
        found = 0
        async for event in api.events(user, now - BEFORE, now + AHEAD):
            uri = changes.text(event, "uri")
            looks = (changes.text(event, "updated_at"), changes.text(event, "status"))
            start = changes.moment(event, "start_time")
            # A no-show is marked at the invitee: the event stays as it was.
            is_over = start is not None and start < now
            if uri is None or (self.seen.get(uri) == looks and not is_over):
                continue
            async for invitee in api.invitees(uri):
                found += await self._take(invitee, event, now)
            self.seen[uri] = looks
        return found

    async def _take(self, invitee: Mapping[str, Any], event: Mapping[str, Any], now: datetime) -> int:
        try:
            told = calendly.read_invitee(invitee, event, now)
        except UnreadableBookingError as error:
            log.warning("an invitee of Calendly cannot be read: %s", error)
            return 0
        async with self.database.reading() as session:
            keys = select(BookingEvent.key).where(col(BookingEvent.key).in_([one.key for one in told]))
            known = set((await session.exec(keys)).all())
            told += await self._taken_back(session, told, invitee, now)
        new = [one for one in told if one.key not in known]
        for one in new:
            async with self.database.writing() as session:
                await record(session, one, now=now, actor=ACTOR)
        return len(new)

    async def _taken_back(
        self, session: AsyncSession, told: list[BookingChange], invitee: Mapping[str, Any], now: datetime
    ) -> list[BookingChange]:
        """A no-show that is no longer marked was taken back."""
        first = told[0]
        rows = select(Booking).where(
            col(Booking.source) == CALENDLY, col(Booking.external_id) == first.external_id
        )
        booking = (await session.exec(rows)).first()
        if booking is None or booking.state != "no_show" or invitee.get("no_show"):
            return []
        event = {"event": "invitee_no_show.deleted", "created_at": now.isoformat(), "payload": invitee}
        change = calendly.read_call(event, now)
        return [change] if change is not None else []

    async def _claim(self, now: datetime) -> bool:
        """Return True if it is time to poll, for this worker."""
        async with self.database.writing() as session:
            await session.exec(
                insert_for(session, BookingConnection)
                .values(source=CALENDLY, updated_at=now)
                .on_conflict_do_nothing(index_elements=["source"])
            )
            row = BOOKING_CONNECTIONS.c
            is_net = (func.coalesce(row.state, "") == ACTIVE) & (row.polled_at > now - NET_EVERY)
            is_early = (row.polled_at > now - POLL_EVERY) & (row.polled_at <= now)
            claimed = await session.exec(
                update(BOOKING_CONNECTIONS)
                .where(row.source == CALENDLY, or_(row.polled_at.is_(None), ~(is_net | is_early)))
                .values(polled_at=now, error=None)
                .returning(row.source)
            )
            return claimed.first() is not None

    async def _look_at_subscription(self, api: CalendlyApi, now: datetime) -> None:
        """Once a day: find out whether Calendly has disabled the webhook, and tell the owner."""
        async with self.database.reading() as session:
            rows = select(BookingConnection).where(col(BookingConnection.source) == CALENDLY)
            known = (await session.exec(rows)).first()
        if known is None or known.callback_url is None:
            return
        if known.checked_at is not None and now - known.checked_at < LOOK_EVERY:
            return
        state, sentence = await Connection(self.database, api).status(now=now)
        if state not in (None, ACTIVE):
            log.warning("Calendly: %s", sentence)
            if self.language is not None:
                async with self.database.writing() as session:
                    await notices.report_disabled(session, self.account_id, self.language, now=now)

    async def _store_error(self, error: str, now: datetime) -> None:
        async with self.database.writing() as session:
            await session.exec(
                update(BOOKING_CONNECTIONS)
                .where(BOOKING_CONNECTIONS.c.source == CALENDLY)
                .values(error=error, updated_at=now)
            )
