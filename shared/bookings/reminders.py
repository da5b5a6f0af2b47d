"""What is planned around the bookings of a lead: confirmation, reminders, answers to a cancel. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shared.database.models import Booking, BookingEvent, PlannedMessage
from shared.leads.plans import DRAFT_CANCELLED, TAKEN_OVER

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
BOOKING_CHANGED: Final = "the booking has changed"
# What was cancelled for one of these is planned again as soon as it is called for again.
_RENEWED_AFTER = frozenset({TAKEN_OVER, BOOKING_CHANGED, DRAFT_CANCELLED})
_NO_SHOW: Final = "no_show"
# Between a key and the number of its repeat.
_AGAIN = "#"


@dataclass(frozen=True)
class History:
    """What the events of a booking tell of it.

    `booked_at`: when it got the time that it has; `cancelled_at`: when it was cancelled. Both by the
    scheduler's clock: a report may come days later. `moves`: how often it got another time.
    """

    booked_at: datetime | None = None
    cancelled_at: datetime | None = None
    moves: int = 0


def history_of(events: Iterable[BookingEvent]) -> History:
    """Return the history of one booking from its events, oldest first."""
    booked_at: datetime | None = None
    cancelled_at: datetime | None = None
    start, moves = None, 0
    for event in events:
        # A clock that is ahead changes nothing.
        at, new_start = min(event.at, event.stored_at), event.details.get("start")
        if event.kind == "cancelled":
            cancelled_at = cancelled_at or at
        elif event.kind in ("created", "changed") and booked_at is None:
            booked_at, start = at, new_start
        elif event.kind == "changed" and new_start != start:
            booked_at, start, moves = at, new_start, moves + 1
    return History(booked_at, cancelled_at, moves)


@dataclass(frozen=True)
class LeadBookings:
    """The bookings of one lead as they are now.

    `meeting`: the one that the lead waits for, else the last one that was held or missed. `is_booked`: True
    also while the second half of a reschedule has not come yet.
    """

    meeting: Booking | None
    is_booked: bool
    cancelled: tuple[Booking, ...] = ()


def summarize(
    bookings: Collection[Booking], now: datetime, elsewhere: Collection[tuple[str, str]] = ()
) -> LeadBookings:
    """Return what the bookings of a lead amount to; `elsewhere`: bookings of other leads, or of none."""
    known = {(booking.source, booking.external_id) for booking in bookings} | set(elsewhere)
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


def plan(found: LeadBookings, histories: Mapping[int, History], now: datetime) -> list[dict[str, Any]]:
    """Return the rows of `planned_messages` that the bookings of a lead call for now.

    `histories`: of its bookings, by their ids.
    """
    meeting, rows = found.meeting, list[dict[str, Any]]()
    if meeting is not None and meeting.state == "booked" and meeting.start_at and meeting.start_at > now:
        rows += _reminders(meeting, meeting.start_at, histories.get(meeting.id, History()), now)
    if meeting is not None and meeting.state == "no_show":
        # Told later than that, the message would come out of the blue.
        reported = meeting.no_show_at or now
        if now < reported + NO_SHOW_LASTS:
            # By the meeting's time: one message, however often the report is taken back and made again.
            at, expires = now + NO_SHOW_DELAY, reported + NO_SHOW_LASTS
            rows.append(_row(meeting, _NO_SHOW, meeting.start_at, at, expires))
    if not found.is_booked:
        for booking in found.cancelled:
            cancelled_at = histories.get(booking.id, History()).cancelled_at or booking.updated_at
            expires = cancelled_at + _CANCELLATION_LASTS
            if booking.cancelled_by == "person" and now < expires:
                rows.append(_row(booking, "cancellation", booking.start_at, now, expires))
    return rows


def outdated(planned: Iterable[PlannedMessage], rows: Collection[Mapping[str, Any]]) -> list[int]:
    """Return the ids of those planned messages about bookings that are no longer called for."""
    wanted = {row["key"] for row in rows}
    missed = {row["booking_id"] for row in rows if row["kind"] == _NO_SHOW}
    return [
        one.id
        for one in planned
        if one.booking_id is not None
        and _base(one.key) not in wanted
        # Earlier releases had the time of the report in its key.
        and not (one.kind == _NO_SHOW and one.booking_id in missed)
    ]


def missing(
    rows: Iterable[Mapping[str, Any]], known: Collection[PlannedMessage], tried: Collection[int]
) -> list[Mapping[str, Any]]:
    """Return those rows that are to be planned now, a repeat under a key of its own.

    `known`: all that was ever planned for the lead, oldest first. `tried`: the ids of those that Telegram
    may have been asked to send. A row is planned again if the meeting was moved away and back since, or if
    it was cancelled for a reason that no longer holds, before it was tried. A no-show gets one message for
    each booking, whatever its key.
    """
    latest = {(one.booking_id, one.kind): one for one in known}
    times = Counter(_base(one.key) for one in known)
    told = {one.booking_id for one in known if one.kind == _NO_SHOW and not _may_be_renewed(one, tried)}
    found = []
    for row in rows:
        if row["kind"] == _NO_SHOW and row["booking_id"] in told:
            continue
        last, key = latest.get((row["booking_id"], row["kind"])), row["key"]
        if last is not None and _base(last.key) == key and not _may_be_renewed(last, tried):
            continue
        found.append({**row, "key": f"{key}{_AGAIN}{times[key] + 1}"} if times[key] else row)
    return found


def _may_be_renewed(one: PlannedMessage, tried: Collection[int]) -> bool:
    return one.state == "cancelled" and one.reason in _RENEWED_AFTER and one.id not in tried


def _base(key: str) -> str:
    return key.partition(_AGAIN)[0]


def _reminders(meeting: Booking, start: datetime, history: History, now: datetime) -> list[dict[str, Any]]:
    booked_at = history.booked_at or meeting.created_at
    rows = []
    if now < booked_at + _CONFIRMATION_LASTS:
        expires = min(booked_at + _CONFIRMATION_LASTS, start)
        row = _row(meeting, "confirmation", start, now, expires)
        rows.append(row | {"step": history.moves or None})
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
        # A meeting that is moved gets new ones; a repeated report of the same meeting gets none: see missing.
        "key": f"booking:{booking.id}:{kind}:{moment}",
        "send_at": send_at,
        "expires_at": expires_at,
    }


def _order(booking: Booking) -> tuple[datetime, int]:
    return booking.created_at, booking.id


def _end(booking: Booking) -> datetime:
    start = booking.start_at or booking.created_at
    return booking.end_at or start + _LASTS
