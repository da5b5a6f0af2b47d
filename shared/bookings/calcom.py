"""Reads what Cal.com reports by webhook. Pure. All fields are optional; https://cal.com/docs names them."""

from collections.abc import Mapping
from datetime import datetime

from shared.bookings import changes
from shared.bookings.changes import CALCOM, BookingChange, Kind, Party, UnreadableBookingError

_CREATED = frozenset({"BOOKING_CREATED", "BOOKING_RESCHEDULED"})
_CANCELLED = frozenset({"BOOKING_CANCELLED", "BOOKING_REJECTED"})
_NO_SHOW = "BOOKING_NO_SHOW_UPDATED"


def read_call(call: object, received_at: datetime) -> list[BookingChange]:
    """Return the changes of a webhook call; none for an event that says nothing about a booking.

    Raises UnreadableBookingError if the call names no booking.
    """
    trigger = changes.text(call, "triggerEvent") or ""
    payload, at = changes.part(call, "payload"), changes.moment(call, "createdAt") or received_at
    if trigger in _CREATED:
        return [_change("created", payload, at)]
    if trigger in _CANCELLED:
        return [_change("cancelled", payload, at)]
    if trigger == _NO_SHOW:
        return _no_shows(payload, at)
    return []


def _change(kind: Kind, payload: object, at: datetime, *, key: str | None = None) -> BookingChange:
    uid = _uid(payload)
    start = changes.moment(payload, "startTime")
    attendee = _first_attendee(payload)
    moved_from = changes.text(payload, "rescheduleUid")
    return BookingChange(
        CALCOM,
        kind,
        uid,
        key or f"{CALCOM}:{kind}:{uid}",
        at,
        start=start,
        end=changes.end_of(start, changes.moment(payload, "endTime")),
        timezone=changes.text(attendee, "timeZone"),
        url=changes.url(payload, "metadata", "videoCallUrl") or changes.url(payload, "location"),
        tokens=_tokens(payload),
        name=changes.text(attendee, "name") or _response(payload, "name"),
        email=changes.text(attendee, "email") or _response(payload, "email"),
        phones=_phones(payload, attendee),
        moved_from=moved_from if moved_from != uid else None,
        cancelled_by=_canceller(payload, attendee) if kind == "cancelled" else None,
        reason=changes.text(payload, "cancellationReason") or changes.text(payload, "rejectionReason"),
    )


def _no_shows(payload: object, at: datetime) -> list[BookingChange]:
    attendees = changes.part(payload, "attendees")
    reports = attendees if isinstance(attendees, list) else []
    is_absent = next((flag for one in reports if isinstance(flag := changes.part(one, "noShow"), bool)), None)
    if is_absent is None:
        return []
    kind: Kind = "no_show" if is_absent else "no_show_undone"
    key = f"{CALCOM}:{kind}:{_uid(payload)}:{at.isoformat()}"
    # The attendees of this form have neither a name nor a zone.
    return [_change(kind, payload, at, key=key)]


def _uid(payload: object) -> str:
    names = ("uid", "bookingUid", "bookingId")
    found = next((uid for name in names if (uid := changes.text(payload, name)) is not None), None)
    if found is None:
        raise UnreadableBookingError("the call names no booking: payload.uid is missing")
    return found


def _first_attendee(payload: object) -> object:
    attendees = changes.part(payload, "attendees")
    return attendees[0] if isinstance(attendees, list) and attendees else {}


def _response(payload: object, field: str) -> str | None:
    return changes.text(payload, "responses", field, "value") or changes.text(payload, "responses", field)


def _tokens(payload: object) -> tuple[str, ...]:
    found = [changes.text(payload, "metadata", "lead"), _response(payload, "lead")]
    return tuple(token for token in found if token)


def _phones(payload: object, attendee: object) -> tuple[str, ...]:
    names = ("attendeePhoneNumber", "smsReminderNumber", "phone")
    found = [changes.text(attendee, "phoneNumber"), *(_response(payload, name) for name in names)]
    return tuple(phone for phone in found if phone)


def _canceller(payload: object, attendee: object) -> Party | None:
    who = changes.text(payload, "cancelledBy")
    if who is None:
        return None
    email = changes.text(attendee, "email")
    if isinstance(attendee, Mapping) and email and who.casefold() == email.casefold():
        return "person"
    organizer = changes.text(payload, "organizer", "email")
    return "host" if organizer and who.casefold() == organizer.casefold() else None
