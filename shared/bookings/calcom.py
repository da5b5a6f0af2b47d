"""Reads what Cal.com reports: by webhook, and as its API lists bookings. Pure.

All fields are optional; https://cal.com/docs names them. A booking may have several attendees: people with
seats of their own, and guests of the person who booked. Each gets changes of their own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
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
# More attendees of one booking are not read.
_MAX_ATTENDEES = 100


@dataclass(frozen=True)
class _Attendee:
    """One attendee. `has_booked`: the answers and the metadata of the booking are theirs."""

    fields: object
    is_first: bool
    has_booked: bool
    is_guest: bool = False

    @property
    def email(self) -> str | None:
        """The address; Cal.com asks all attendees for it."""
        return changes.text(self.fields, "email")

    @property
    def key(self) -> str | None:
        """What tells this attendee from the others."""
        found = self.email or changes.text(self.fields, "phoneNumber")
        return found.casefold() if found else None


def read_call(call: object, received_at: datetime) -> list[BookingChange]:
    """Return the changes of a webhook call; none for an event that says nothing about a booking.

    Raises UnreadableBookingError if the call names no booking.
    """
    trigger = changes.text(call, "triggerEvent") or ""
    payload, at = changes.part(call, "payload"), changes.moment(call, "createdAt") or received_at
    if trigger == _CREATED or (trigger == _MOVED and _names_another(payload)):
        return [_change("created", payload, at, one) for one in _attendees(payload)]
    if trigger == _MOVED:
        # One with several seats keeps its uid: each move is an event of its own.
        key = f"{changes.text(payload, 'startTime') or ''}:{at.isoformat()}"
        return [_change("changed", payload, at, one, key=key) for one in _attendees(payload)]
    if trigger in _CANCELLED:
        # If a person gives a seat back, the call names this person alone.
        return [_change("cancelled", payload, at, one) for one in _attendees(payload)]
    if trigger == _NO_SHOW:
        return _no_shows(payload, at)
    return []


def read_booking(booking: object, now: datetime, *, moved_to: str | None = None) -> list[Listed]:
    """Return what a booking of the API's list tells, for each attendee; none while the host has not accepted.

    `moved_to`: the uid of the booking that says it took this one's place. Raises UnreadableBookingError if
    the booking has no uid.
    """
    if changes.text(booking, "status") == "pending":
        return []
    return [_listed(booking, one, now, moved_to) for one in _attendees(booking)]


def _listed(booking: object, attendee: _Attendee, now: datetime, moved_to: str | None) -> Listed:
    created = _of_list("created", booking, changes.moment(booking, "createdAt") or now, attendee)
    updated_at = changes.moment(booking, "updatedAt")
    if changes.text(booking, "status") in _LISTED_AS_CANCELLED:
        moved_to = changes.text(booking, "rescheduledToUid") or moved_to
        cancelled = _of_list("cancelled", booking, updated_at or now, attendee)
        return Listed((created, replace(cancelled, moved_to=moved_to, is_moved=moved_to is not None)))
    # Without the time of its last change, an old list cannot be told from a new one.
    moved = _move_of_list(booking, updated_at, attendee) if updated_at else None
    # The list does not say when the person was marked: the time of asking, so that a later call holds.
    is_absent = changes.part(attendee.fields, "absent") is True
    kind: Kind = "no_show" if is_absent else "no_show_undone"
    marked = _of_list(kind, booking, now, attendee, key=now.isoformat())
    if is_absent:
        return Listed((created,), missed=marked, moved=moved)
    return Listed((created,), taken_back=marked, moved=moved)


def _move_of_list(booking: object, at: datetime, attendee: _Attendee) -> BookingChange:
    start = changes.moment(booking, "start")
    return _of_list("changed", booking, at, attendee, key=f"{start and start.isoformat()}:{at.isoformat()}")


def _of_list(
    kind: Kind, booking: object, at: datetime, attendee: _Attendee, *, key: str | None = None
) -> BookingChange:
    """Return a change of a listed booking, under the same key as that of a webhook call."""
    start, own = changes.moment(booking, "start"), attendee.fields
    # Of a booking with seats, each attendee has answers and metadata of their own.
    answers = changes.part(own, "bookingFieldsResponses")
    tokens = [changes.text(own, "metadata", "lead"), changes.text(answers, "lead")]
    if attendee.has_booked and answers is None:
        answers = changes.part(booking, "bookingFieldsResponses")
        tokens += [changes.text(booking, "metadata", "lead"), changes.text(answers, "lead")]
    hosts = _emails(changes.part(booking, "hosts"))
    canceller = changes.text(booking, "cancelledByEmail")
    mover = changes.text(booking, "rescheduledByEmail")
    return replace(
        _base(kind, booking, at, attendee, key),
        start=start,
        end=changes.end_of(start, changes.moment(booking, "end")),
        url=changes.url(booking, "meetingUrl") or changes.url(booking, "location"),
        tokens=tuple(one for one in tokens if one),
        name=changes.text(own, "name") or changes.text(answers, "name"),
        email=attendee.email or changes.text(answers, "email"),
        phones=_texts(
            changes.text(own, "phoneNumber"), *(changes.text(answers, one) for one in _PHONE_FIELDS)
        ),
        moved_from=_other(booking, "rescheduledFromUid"),
        cancelled_by=_party(canceller or mover, attendee, hosts) if kind == "cancelled" else None,
        moved_by=_party(mover, attendee, hosts),
        reason=changes.text(booking, "cancellationReason"),
    )


def _change(
    kind: Kind, payload: object, at: datetime, attendee: _Attendee, *, key: str | None = None
) -> BookingChange:
    start, own = changes.moment(payload, "startTime"), attendee.fields
    answers = payload if attendee.has_booked else None
    hosts = [changes.text(payload, "organizer", "email")]
    return replace(
        _base(kind, payload, at, attendee, key),
        start=start,
        end=changes.end_of(start, changes.moment(payload, "endTime")),
        url=changes.url(payload, "metadata", "videoCallUrl") or changes.url(payload, "location"),
        tokens=_texts(changes.text(answers, "metadata", "lead"), _response(answers, "lead")),
        name=changes.text(own, "name") or _response(answers, "name"),
        email=attendee.email or _response(answers, "email"),
        phones=_texts(changes.text(own, "phoneNumber"), *(_response(answers, one) for one in _PHONE_FIELDS)),
        moved_from=_other(payload, "rescheduleUid"),
        cancelled_by=_party(changes.text(payload, "cancelledBy"), attendee, hosts)
        if kind == "cancelled"
        else None,
        moved_by=_party(changes.text(payload, "rescheduledBy"), attendee, hosts),
        reason=changes.text(payload, "cancellationReason") or changes.text(payload, "rejectionReason"),
    )


def _base(kind: Kind, booking: object, at: datetime, attendee: _Attendee, key: str | None) -> BookingChange:
    uid = _uid(booking)
    return BookingChange(
        CALCOM,
        kind,
        uid,
        f"{CALCOM}:{kind}:{uid}:{key}" if key else f"{CALCOM}:{kind}:{uid}",
        at,
        timezone=changes.text(attendee.fields, "timeZone"),
        attendee=attendee.key,
        is_first=attendee.is_first,
        is_kept_only_if_known=attendee.is_guest,
    )


def _attendees(booking: object) -> list[_Attendee]:
    """Return the attendees of a booking, the first one also if nothing is told of them."""
    found = changes.part(booking, "attendees")
    listed = found[:_MAX_ATTENDEES] if isinstance(found, list) else []
    # The address of the person whose answers and metadata the booking has.
    answered = _response(booking, "email") or changes.text(booking, "bookingFieldsResponses", "email")
    guests = _guests(booking)
    is_alone, read, seen = len(listed) < 2 and not _has_seats(booking, listed), [], set[str]()
    for number, fields in enumerate(listed or [{}]):
        email = (changes.text(fields, "email") or "").casefold()
        has_booked = email == answered.casefold() if answered and not is_alone else number == 0
        one = _Attendee(fields, number == 0, has_booked, is_guest=number > 0 and email in guests)
        # A second one that cannot be told from the others is not read.
        if number == 0 or (one.key is not None and one.key not in seen):
            read.append(one)
            seen.add(one.key or "")
    return read


def _has_seats(booking: object, attendees: Collection[object]) -> bool:
    is_seat = any(changes.text(one, "seatUid") for one in attendees)
    return is_seat or any(changes.text(booking, name) for name in ("attendeeSeatId", "seatsPerTimeSlot"))


def _guests(booking: object) -> frozenset[str]:
    """Return the addresses that the person who booked has named as those of guests."""
    answer = changes.part(booking, "responses", "guests")
    named = [changes.part(answer, "value"), answer, changes.part(booking, "guests")]
    lists = [one for one in named if isinstance(one, list)]
    return frozenset(email.casefold() for one in lists for entry in one if (email := changes.text(entry)))


def _names_another(payload: object) -> bool:
    """Return True if a booking has taken the place of one with another uid."""
    return _other(payload, "rescheduleUid") is not None


def _other(booking: object, name: str) -> str | None:
    """Return the uid in a field if it is that of another booking."""
    found = changes.text(booking, name)
    return found if found != _uid(booking) else None


def _no_shows(payload: object, at: datetime) -> list[BookingChange]:
    """Return who was marked. The attendees of this form have neither a name nor a zone."""
    found = []
    for one in _attendees(payload):
        is_absent = changes.part(one.fields, "noShow")
        if isinstance(is_absent, bool):
            kind: Kind = "no_show" if is_absent else "no_show_undone"
            change = _change(kind, payload, at, one, key=at.isoformat())
            # This form does not tell guests from the others.
            found.append(replace(change, is_kept_only_if_known=True))
    return found


def _uid(payload: object) -> str:
    names = ("uid", "bookingUid", "bookingId")
    found = next((uid for name in names if (uid := changes.text(payload, name)) is not None), None)
    if found is None:
        raise UnreadableBookingError("the call names no booking: payload.uid is missing")
    return found


def _response(payload: object, field: str) -> str | None:
    return changes.text(payload, "responses", field, "value") or changes.text(payload, "responses", field)


def _texts(*found: str | None) -> tuple[str, ...]:
    return tuple(one for one in found if one)


def _emails(people: object) -> list[str | None]:
    return [changes.text(one, "email") for one in people] if isinstance(people, list) else []


def _party(who: str | None, attendee: _Attendee, hosts: Iterable[str | None]) -> Party | None:
    """Return whether it was this attendee or a host; None for others, and if it is not told."""
    if who is None:
        return None
    if attendee.email and who.casefold() == attendee.email.casefold():
        return "person"
    return "host" if who.casefold() in {host.casefold() for host in hosts if host} else None
