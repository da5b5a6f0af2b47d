"""What is planned around the bookings of a lead: confirmation, reminders, answers to a cancel. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.database.models import Booking

DAY_BEFORE, HOUR_BEFORE = timedelta(hours=24), timedelta(hours=1)
# A reminder so soon after the booking would repeat its confirmation.
_AFTER_BOOKING = timedelta(hours=2)
# A confirmation that could not be sent for so long is of no use any more.
_CONFIRMATION_LASTS = timedelta(hours=12)
# The host may have pressed the wrong button; a no-show gets its message within two hours, or none.
NO_SHOW_DELAY, NO_SHOW_LASTS = timedelta(minutes=5), timedelta(hours=2)
# A cancel is acknowledged soon, or not at all.
_CANCELLATION_LASTS = timedelta(hours=12)
# A meeting without an end is taken to last as long.
_LASTS = timedelta(hours=1)


@dataclass(frozen=True)
class LeadBookings:
    """The bookings of one lead as they are now.

    `meeting`: the one that the lead waits for, else the last one that was held or missed. `is_booked`: True
    also while the second half of a reschedule has not come yet.
    """

    meeting: Booking | None
    is_booked: bool
    cancelled: tuple[Booking, ...] = ()


def summarize(bookings: Collection[Booking], now: datetime) -> LeadBookings:
    """Return what the bookings of a lead amount to."""
    known = {(booking.source, booking.external_id) for booking in bookings}
    replaced = {(booking.source, booking.moved_from) for booking in bookings if booking.moved_from}
    standing = [
        booking
        for booking in bookings
        if booking.state in ("booked", "no_show") and (booking.source, booking.external_id) not in replaced
    ]
    # The first half of a reschedule has come: the person has another time, which is not known yet.
    is_moving = any(
        booking.state == "moved"
        and (booking.source, booking.moved_to) not in known
        and (booking.source, booking.external_id) not in replaced
        for booking in bookings
    )
    timed = sorted(
        (booking for booking in standing if booking.start_at is not None),
        key=lambda booking: (booking.start_at or now, booking.id),
    )
    coming = [booking for booking in timed if _end(booking) > now and booking.state == "booked"]
    meeting = coming[0] if coming else timed[-1] if timed else None
    cancelled = tuple(booking for booking in bookings if booking.state == "cancelled")
    # A meeting that was held, or missed, counts until a later one is cancelled.
    last = max((booking for booking in bookings if booking.state != "moved"), key=_order, default=None)
    is_booked = bool(coming) or is_moving or (bool(standing) and last is not None and last in standing)
    return LeadBookings(meeting, is_booked, cancelled)


def plan(found: LeadBookings, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of `planned_messages` that the bookings of a lead call for now."""
    meeting, rows = found.meeting, list[dict[str, Any]]()
    if meeting is not None and meeting.state == "booked" and meeting.start_at and meeting.start_at > now:
        rows += _reminders(meeting, meeting.start_at, now)
    if meeting is not None and meeting.state == "no_show":
        # Told later than that, the message would come out of the blue.
        reported = meeting.no_show_at or now
        if now < reported + NO_SHOW_LASTS:
            rows.append(_row(meeting, "no_show", reported, now + NO_SHOW_DELAY, reported + NO_SHOW_LASTS))
    if not found.is_booked:
        for booking in found.cancelled:
            is_fresh = now - booking.updated_at < _CANCELLATION_LASTS
            if booking.cancelled_by == "person" and is_fresh:
                expires = booking.updated_at + _CANCELLATION_LASTS
                rows.append(_row(booking, "cancellation", booking.start_at, now, expires))
    return rows


def outdated(planned: Iterable[Any], rows: Collection[Mapping[str, Any]]) -> list[int]:
    """Return the ids of those planned messages about bookings that are no longer called for."""
    wanted = {row["key"] for row in rows}
    return [one.id for one in planned if one.booking_id is not None and one.key not in wanted]


def _reminders(meeting: Booking, start: datetime, now: datetime) -> list[dict[str, Any]]:
    booked_at = meeting.created_at
    rows = []
    if now < booked_at + _CONFIRMATION_LASTS:
        expires = min(booked_at + _CONFIRMATION_LASTS, start)
        rows.append(_row(meeting, "confirmation", start, now, expires))
    times = (("reminder_day", DAY_BEFORE), ("reminder_hour", HOUR_BEFORE))
    for kind, before in times:
        at = start - before
        # The day's reminder may wait for the morning, the hour's one may not.
        expires = start - timedelta(hours=2) if kind == "reminder_day" else start - timedelta(minutes=5)
        earliest = booked_at + (_AFTER_BOOKING if kind == "reminder_day" else _AFTER_BOOKING / 8)
        if at > earliest and expires > now:
            rows.append(_row(meeting, kind, start, at, expires))
    return rows


def _row(
    booking: Booking, kind: str, about: datetime | None, send_at: datetime, expires_at: datetime
) -> dict[str, Any]:
    moment = int(about.timestamp()) if about else 0
    return {
        "lead_id": booking.lead_id,
        "booking_id": booking.id,
        "kind": kind,
        # A meeting that is moved gets new ones; a repeated report of the same meeting gets none.
        "key": f"booking:{booking.id}:{kind}:{moment}",
        "send_at": send_at,
        "expires_at": expires_at,
    }


def _order(booking: Booking) -> tuple[datetime, int]:
    return booking.created_at, booking.id


def _end(booking: Booking) -> datetime:
    start = booking.start_at or booking.created_at
    return booking.end_at or start + _LASTS
