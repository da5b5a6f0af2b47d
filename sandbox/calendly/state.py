"""What the sandbox's Calendly knows: its user, bookings and webhook subscriptions, and its faults."""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.scheduler_api import Faults, RateLimit

API = "https://api.calendly.com"
USER, ORGANIZATION = f"{API}/users/SANDBOXUSER", f"{API}/organizations/SANDBOXORG"
TOKEN = "sandbox-calendly-token"  # noqa: S105 - of no account
MEETING = timedelta(minutes=30)
# Of Calendly's paid plans; the free one has 50.
RATE_LIMIT = 500


@dataclass
class Subscription:
    """A webhook subscription; `signing_key` is never shown again."""

    uri: str
    callback_url: str
    events: list[str]
    signing_key: str
    created_at: datetime
    state: str = "active"

    def shown(self) -> dict[str, Any]:
        """Return the subscription as the API shows it."""
        return {
            "uri": self.uri,
            "callback_url": self.callback_url,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.created_at),
            "state": self.state,
            "events": self.events,
            "scope": "user",
            "organization": ORGANIZATION,
            "user": USER,
            "creator": USER,
        }


@dataclass
class Invitee:
    """One booking of one person."""

    number: int
    start: datetime
    created_at: datetime
    name: str
    email: str
    timezone: str
    tracking: dict[str, str | None]
    answers: list[dict[str, Any]] = field(default_factory=list)
    old: "Invitee | None" = None
    new: "Invitee | None" = None
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    reason: str = ""
    no_show_at: datetime | None = None
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    # A part of its URI: a sandbox that starts again has no bookings of before.
    run: str = ""

    @property
    def event_uri(self) -> str:
        """The URI of the scheduled event."""
        return f"{API}/scheduled_events/EVENT{self.run}{self.number:06}"

    @property
    def uri(self) -> str:
        """The URI of the invitee."""
        return f"{self.event_uri}/invitees/INVITEE{self.run}{self.number:06}"


class Calendly:
    """The state of one Calendly account. `page_url` is set once the server knows its address."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._run = secrets.token_hex(4).upper()
        self.tokens = {TOKEN}
        self.invitees: dict[int, Invitee] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.faults = Faults()
        # The URIs of scheduled events that the token may not read.
        self.forbidden: set[str] = set()
        self.limit = RateLimit(clock, RATE_LIMIT)
        self.page_url = ""
        self.deliveries: list[dict[str, Any]] = []

    def now(self) -> datetime:
        """Return the time of the sandbox's clock."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def subscribe(self, url: str, events: list[str], signing_key: str) -> Subscription:
        """Add a subscription; raises ValueError if this address has one."""
        if any(one.callback_url == url for one in self.subscriptions.values()):
            raise ValueError("Hook with this url already exists")
        uri = f"{API}/webhook_subscriptions/HOOK{next(self._numbers):06}"
        self.subscriptions[uri] = Subscription(uri, url, events, signing_key, self.now())
        return self.subscriptions[uri]

    def book(
        self,
        start: datetime,
        name: str,
        email: str,
        *,
        timezone: str = "Europe/Moscow",
        tracking: dict[str, str | None] | None = None,
        answers: list[dict[str, Any]] | None = None,
        old: Invitee | None = None,
    ) -> Invitee:
        """Book a time; with `old`, that booking is moved here."""
        number, now = next(self._numbers), self.now()
        kept = tracking if tracking is not None else old.tracking if old else {}
        one = Invitee(number, start, now, name, email, timezone, kept, answers or [], old)
        one.updated_at, one.run = now, self._run
        if old is not None:
            old.new = one
            self.cancel(old, by="invitee", reason="")
        self.invitees[number] = one
        return one

    def cancel(self, one: Invitee, *, by: str, reason: str) -> None:
        """Cancel a booking; `by`: `invitee` or `host`."""
        one.cancelled_at, one.cancelled_by, one.reason = self.now(), by, reason
        one.updated_at = self.now()

    def mark_no_show(self, one: Invitee, *, absent: bool) -> None:
        """Mark a booking as missed, or take that back."""
        one.no_show_at = self.now() if absent else None
        one.updated_at = self.now()

    def shown(self, one: Invitee) -> dict[str, Any]:
        """Return an invitee as webhooks show it."""
        status = "canceled" if one.cancelled_at else "active"
        first, _, last = one.name.partition(" ")
        return {
            "uri": one.uri,
            "event": one.event_uri,
            "email": one.email,
            "name": one.name,
            "first_name": first or None,
            "last_name": last or None,
            "status": status,
            "timezone": one.timezone,
            "text_reminder_number": None,
            "questions_and_answers": one.answers,
            "tracking": {
                name: one.tracking.get(name)
                for name in ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term")
            },
            "rescheduled": one.new is not None,
            "old_invitee": one.old.uri if one.old else None,
            "new_invitee": one.new.uri if one.new else None,
            "cancel_url": f"{self.page_url}/cancellations/{one.number}",
            "reschedule_url": f"{self.page_url}/reschedulings/{one.number}",
            "cancellation": self._cancellation(one),
            "no_show": self._no_show(one),
            "created_at": iso(one.created_at),
            "updated_at": iso(one.updated_at),
            "scheduled_event": self.shown_event(one),
        }

    def shown_event(self, one: Invitee) -> dict[str, Any]:
        """Return the scheduled event of an invitee."""
        return {
            "uri": one.event_uri,
            "name": "30 Minute Meeting",
            "status": "canceled" if one.cancelled_at else "active",
            "start_time": iso(one.start),
            "end_time": iso(one.start + MEETING),
            "event_type": f"{API}/event_types/SANDBOX30MIN",
            "location": {
                "type": "zoom",
                "join_url": f"https://zoom.example/j/{one.number}",
                "status": "pushed",
            },
            "invitees_counter": {"total": 1, "active": 0 if one.cancelled_at else 1, "limit": 1},
            "event_memberships": [{"user": USER, "user_email": "owner@example.com", "user_name": "Owner"}],
            "created_at": iso(one.created_at),
            "updated_at": iso(one.cancelled_at or one.created_at),
        }

    @staticmethod
    def _cancellation(one: Invitee) -> dict[str, Any] | None:
        if one.cancelled_at is None:
            return None
        who = one.name if one.cancelled_by == "invitee" else "Owner"
        kind = {"canceler_type": one.cancelled_by, "created_at": iso(one.cancelled_at)}
        return {"canceled_by": who, "reason": one.reason, **kind}

    @staticmethod
    def _no_show(one: Invitee) -> dict[str, Any] | None:
        if one.no_show_at is None:
            return None
        name = f"{API}/invitee_no_shows/N{one.number}-{int(one.no_show_at.timestamp())}"
        return {"uri": name, "created_at": iso(one.no_show_at)}


def iso(at: datetime) -> str:
    """Return a time as Calendly writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
