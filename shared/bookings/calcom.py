"""Reads what Cal.com reports: by webhook, and as its API lists bookings. Pure.

All fields are optional; https://cal.com/docs names them.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.bookings import changes
from shared.bookings.changes import CALCOM, BookingChange, Kind, Listed, Party, UnreadableBookingError

_CREATED, _MOVED = "BOOKING_CREATED", "BOOKING_RESCHEDULED"
_CANCELLED = frozenset({"BOOKING_CANCELLED", "BOOKING_REJECTED"})
_NO_SHOW = "BOOKING_NO_SHOW_UPDATED"
_PHONE_FIELDS = ("attendeePhoneNumber", "smsReminderNumber", "phone")
# What a webhook must report.
TRIGGERS = (
    *("BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED"),
    *("BOOKING_REJECTED", "BOOKING_NO_SHOW_UPDATED"),
)
_LISTED_AS_CANCELLED = frozenset({"cancelled", "rejected"})


def read_call(call: object, received_at: datetime) -> list[BookingChange]:
    """Return the changes of a webhook call; none for an event that says nothing about a booking.

    Raises UnreadableBookingError if the call names no booking.
    """
    trigger = changes.text(call, "triggerEvent") or ""
    payload, at = changes.part(call, "payload"), changes.moment(call, "createdAt") or received_at
    if trigger == _CREATED or (trigger == _MOVED and _names_another(payload)):
        return [_change("created", payload, at)]
    if trigger == _MOVED:
        # One with several seats keeps its uid: each move is an event of its own.
        start = changes.text(payload, "startTime") or ""
        return [
            _change("changed", payload, at, key=f"{CALCOM}:changed:{_uid(payload)}:{start}:{at.isoformat()}")
        ]
    if trigger in _CANCELLED:
        return [_change("cancelled", payload, at)]
    if trigger == _NO_SHOW:
        return _no_shows(payload, at)
    return []


def read_booking(booking: object, now: datetime, *, moved_to: str | None = None) -> Listed | None:
    """Return what a booking of the API's list tells; None while the host has not accepted it.

    `moved_to`: the uid of the booking that says it took this one's place. Raises UnreadableBookingError if
    the booking has no uid.
    """
    if changes.text(booking, "status") == "pending":
        return None
    uid = _uid(booking)
    created = _of_list("created", booking, changes.moment(booking, "createdAt") or now)
    if changes.text(booking, "status") in _LISTED_AS_CANCELLED:
        at = changes.moment(booking, "updatedAt") or now
        moved_to = changes.text(booking, "rescheduledToUid") or moved_to
        cancelled = _of_list("cancelled", booking, at)
        return Listed((created, replace(cancelled, moved_to=moved_to, is_moved=moved_to is not None)))
    # The list does not say when the person was marked: the time of asking, so that a later call holds.
    key = f"{uid}:{now.isoformat()}"
    if changes.part(_first_attendee(booking), "absent") is True:
        missed = replace(_of_list("no_show", booking, now), key=f"{CALCOM}:no_show:{key}")
        return Listed((created,), missed=missed)
    present = replace(_of_list("no_show_undone", booking, now), key=f"{CALCOM}:no_show_undone:{key}")
    return Listed((created,), taken_back=present)


def _of_list(kind: Kind, booking: object, at: datetime) -> BookingChange:
    """Return a change of a listed booking, under the same key as that of a webhook call."""
    uid, attendee = _uid(booking), _first_attendee(booking)
    start, answers = changes.moment(booking, "start"), changes.part(booking, "bookingFieldsResponses")
    tokens = (changes.text(booking, "metadata", "lead"), changes.text(answers, "lead"))
    phones = (changes.text(attendee, "phoneNumber"), *(changes.text(answers, name) for name in _PHONE_FIELDS))
    moved_from = changes.text(booking, "rescheduledFromUid")
    return BookingChange(
        CALCOM,
        kind,
        uid,
        f"{CALCOM}:{kind}:{uid}",
        at,
        start=start,
        end=changes.end_of(start, changes.moment(booking, "end")),
        timezone=changes.text(attendee, "timeZone"),
        url=changes.url(booking, "meetingUrl") or changes.url(booking, "location"),
        tokens=tuple(one for one in tokens if one),
        name=changes.text(attendee, "name") or changes.text(answers, "name"),
        email=changes.text(attendee, "email") or changes.text(answers, "email"),
        phones=tuple(one for one in phones if one),
        moved_from=moved_from if moved_from != uid else None,
        cancelled_by=_canceller_of_list(booking, attendee) if kind == "cancelled" else None,
        reason=changes.text(booking, "cancellationReason"),
    )


def _names_another(payload: object) -> bool:
    """Return True if a booking has taken the place of one with another uid."""
    return changes.text(payload, "rescheduleUid") not in (None, _uid(payload))


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
    found = [changes.text(attendee, "phoneNumber"), *(_response(payload, name) for name in _PHONE_FIELDS)]
    return tuple(phone for phone in found if phone)


def _canceller(payload: object, attendee: object) -> Party | None:
    hosts = [changes.text(payload, "organizer", "email")]
    return _party(changes.text(payload, "cancelledBy"), changes.text(attendee, "email"), hosts)


def _canceller_of_list(booking: object, attendee: object) -> Party | None:
    listed = changes.part(booking, "hosts")
    hosts = [changes.text(host, "email") for host in (listed if isinstance(listed, list) else [])]
    return _party(changes.text(booking, "cancelledByEmail"), changes.text(attendee, "email"), hosts)


def _party(who: str | None, person: str | None, hosts: Iterable[str | None]) -> Party | None:
    if who is None:
        return None
    if person and who.casefold() == person.casefold():
        return "person"
    return "host" if who.casefold() in {host.casefold() for host in hosts if host} else None
