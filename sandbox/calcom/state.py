"""What the sandbox's Cal.com knows: bookings and webhooks, and its faults."""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.scheduler_api import Faults, RateLimit

TOKEN = "cal_sandbox"  # noqa: S105 - of no account
OWNER, OWNER_ID = "owner@example.com", 7
MEETING = timedelta(minutes=30)
# Of an API key.
RATE_LIMIT = 120


@dataclass
class Webhook:
    """A webhook of the user; `secret` signs its calls."""

    id: str
    url: str
    triggers: list[str]
    secret: str | None
    active: bool = True

    def shown(self) -> dict[str, Any]:
        """Return the webhook as the API shows it."""
        return {
            "id": self.id,
            "userId": OWNER_ID,
            "subscriberUrl": self.url,
            "triggers": self.triggers,
            "active": self.active,
            "payloadTemplate": None,
            "secret": self.secret,
        }


@dataclass(frozen=True)
class Seat:
    """One more person who has a seat in a booking, with their own answers and metadata."""

    name: str
    email: str
    timezone: str
    metadata: dict[str, str]


@dataclass
class Booking:
    """One booking, of the person who has made it and of those who have taken a seat since."""

    uid: str
    number: int
    start: datetime
    created_at: datetime
    updated_at: datetime
    name: str
    email: str
    timezone: str
    metadata: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    status: str = "accepted"
    old: "Booking | None" = None
    new: "Booking | None" = None
    cancelled_by: str | None = None
    is_absent: bool = False
    seats: list[Seat] = field(default_factory=list)
    # The addresses that the person has named as those of guests.
    guests: list[str] = field(default_factory=list)
    moved_by: str | None = None

    @property
    def video_url(self) -> str:
        """The meeting's link."""
        return f"https://cal.example/video/{self.uid}"


class Calcom:
    """The state of one account of Cal.com."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self.tokens = {TOKEN}
        self.bookings: dict[int, Booking] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.faults = Faults()
        self.limit = RateLimit(clock, RATE_LIMIT)
        self.deliveries: list[dict[str, Any]] = []

    def now(self) -> datetime:
        """Return the time of the sandbox's clock."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def book(
        self,
        start: datetime,
        name: str,
        email: str,
        *,
        timezone: str,
        metadata: dict[str, str],
        answers: dict[str, str],
        old: Booking | None = None,
    ) -> Booking:
        """Book a time; with `old`, that booking is moved here."""
        number, now = next(self._numbers), self.now()
        one = Booking(secrets.token_hex(10), number, start, now, now, name, email, timezone)
        one.metadata, one.answers, one.old = metadata, answers, old
        if old is not None:
            old.new, old.status, old.updated_at = one, "cancelled", now
        self.bookings[number] = one
        return one

    def cancel(self, one: Booking, *, by: str) -> None:
        """Cancel a booking; `by` is the e-mail address of the person or of the host."""
        one.status, one.cancelled_by, one.updated_at = "cancelled", by, self.now()


def listed(one: Booking) -> dict[str, Any]:
    """Return a booking as the API lists it."""
    return {
        "id": one.number,
        "uid": one.uid,
        "title": "30 min meeting",
        "hosts": [{"id": OWNER_ID, "name": "Owner", "email": OWNER, "timeZone": "Europe/Moscow"}],
        "status": one.status,
        "cancellationReason": None,
        "cancelledByEmail": one.cancelled_by,
        "rescheduledFromUid": one.old.uid if one.old else None,
        "rescheduledToUid": one.new.uid if one.new else None,
        "start": iso(one.start),
        "end": iso(one.start + MEETING),
        "duration": 30,
        "meetingUrl": one.video_url,
        "location": one.video_url,
        "absentHost": False,
        "createdAt": iso(one.created_at),
        "updatedAt": iso(one.updated_at),
        "metadata": one.metadata,
        "attendees": _listed_attendees(one),
        "guests": one.guests,
        "rescheduledByEmail": one.moved_by,
        "bookingFieldsResponses": {"name": one.name, "email": one.email, **one.answers},
    }


def _listed_attendees(one: Booking) -> list[dict[str, Any]]:
    own = {"name": one.name, "email": one.email, "timeZone": one.timezone, "absent": one.is_absent}
    seats = [
        {
            "name": seat.name,
            "email": seat.email,
            "timeZone": seat.timezone,
            "absent": False,
            "seatUid": f"{one.uid}-{number}",
            "metadata": seat.metadata,
            "bookingFieldsResponses": {"name": seat.name, "email": seat.email},
        }
        for number, seat in enumerate(one.seats)
    ]
    guests = [{"name": "", "email": email, "timeZone": one.timezone, "absent": False} for email in one.guests]
    return [own, *seats, *guests]


def iso(at: datetime) -> str:
    """Return a time as Cal.com writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
