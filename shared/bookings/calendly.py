"""Reads what Calendly reports: by webhook, and as its API lists invitees. Pure.

All fields are optional: https://developer.calendly.com/api-docs describes some events in two ways.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.bookings import changes
from shared.bookings.changes import CALENDLY, BookingChange, Kind, Party, UnreadableBookingError

EVENTS = ("invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted")
_KINDS: Mapping[str, Kind] = {
    "invitee.created": "created",
    "invitee.canceled": "cancelled",
    "invitee_no_show.created": "no_show",
    "invitee_no_show.deleted": "no_show_undone",
}
# Calendly returns these with the booking. The owner's link may use some: the token is in the first free one.
TOKEN_FIELDS = ("utm_content", "utm_term", "utm_medium", "utm_campaign")


def read_call(call: object, received_at: datetime) -> BookingChange | None:
    """Return the change of a webhook call; None for an event that says nothing about a booking.

    Raises UnreadableBookingError if the call names no invitee.
    """
    kind = _KINDS.get(changes.text(call, "event") or "")
    if kind is None:
        return None
    payload = changes.part(call, "payload")
    no_show_uri = None
    if kind in ("no_show", "no_show_undone"):
        payload, no_show_uri = _invitee_of_no_show(payload)
    at = changes.moment(call, "created_at") or received_at
    return _change(kind, payload, at, no_show_uri)


def read_invitee(invitee: object, event: object, now: datetime) -> list[BookingChange]:
    """Return the changes that an invitee, as the API lists it, tells together with its scheduled event."""
    if not isinstance(invitee, Mapping):
        raise UnreadableBookingError("the invitee is not an object")
    whole = {**invitee, "scheduled_event": changes.part(invitee, "scheduled_event") or event}
    created_at = changes.moment(invitee, "created_at") or now
    found = [_change("created", whole, created_at, None)]
    is_cancelled = (
        changes.text(invitee, "status") == "canceled" or changes.text(event, "status") == "canceled"
    )
    if is_cancelled:
        at = changes.moment(invitee, "cancellation", "created_at") or changes.moment(invitee, "updated_at")
        found.append(_change("cancelled", whole, at or now, None))
    elif changes.part(invitee, "no_show"):
        at = changes.moment(invitee, "no_show", "created_at") or now
        found.append(_change("no_show", whole, at, None))
    return found


def event_of(invitee_uri: str) -> str | None:
    """Return the URI of the scheduled event that an invitee's URI contains."""
    event, separator, _ = invitee_uri.partition("/invitees/")
    return event if separator else None


def _invitee_of_no_show(payload: object) -> tuple[object, str | None]:
    """Return the invitee and the URI of the no-show: the payload is one of them, or holds the invitee."""
    inner = changes.part(payload, "invitee")
    if isinstance(inner, Mapping):
        return inner, changes.text(payload, "uri")
    if isinstance(inner, str):
        return {"uri": inner}, changes.text(payload, "uri")
    return payload, changes.text(payload, "no_show", "uri")


def _change(kind: Kind, invitee: object, at: datetime, no_show_uri: str | None) -> BookingChange:
    uri = changes.text(invitee, "uri")
    if uri is None:
        raise UnreadableBookingError("the call names no invitee: payload.uri is missing")
    event = changes.part(invitee, "scheduled_event")
    start = changes.moment(event, "start_time")
    moved_to = changes.text(invitee, "new_invitee")
    return BookingChange(
        CALENDLY,
        kind,
        uri,
        _key(kind, uri, invitee, no_show_uri, at),
        at,
        start=start,
        end=changes.end_of(start, changes.moment(event, "end_time")),
        timezone=changes.text(invitee, "timezone"),
        url=changes.url(event, "location", "join_url") or changes.url(event, "location", "location"),
        reschedule_url=changes.url(invitee, "reschedule_url"),
        cancel_url=changes.url(invitee, "cancel_url"),
        tokens=tuple(
            found for name in TOKEN_FIELDS if (found := changes.text(invitee, "tracking", name)) is not None
        ),
        name=changes.text(invitee, "name") or _full_name(invitee),
        email=changes.text(invitee, "email"),
        phones=_phones(invitee),
        usernames=_usernames(invitee),
        moved_from=changes.text(invitee, "old_invitee"),
        moved_to=moved_to,
        is_moved=changes.part(invitee, "rescheduled") is True or moved_to is not None,
        cancelled_by=_canceller(invitee) if kind == "cancelled" else None,
        reason=changes.text(invitee, "cancellation", "reason"),
    )


def _key(kind: Kind, uri: str, invitee: object, no_show_uri: str | None, at: datetime) -> str:
    if kind in ("created", "cancelled"):
        # An invitee is created once and cancelled once, whatever reports it.
        return f"{CALENDLY}:{kind}:{uri}"
    name = no_show_uri or changes.text(invitee, "no_show", "uri") or at.isoformat()
    return f"{CALENDLY}:{kind}:{uri}:{name}"


def _full_name(invitee: object) -> str | None:
    names = [changes.text(invitee, name) for name in ("first_name", "last_name")]
    return " ".join(name for name in names if name) or None


def _canceller(invitee: object) -> Party | None:
    kind = changes.text(invitee, "cancellation", "canceler_type")
    return "person" if kind == "invitee" else "host" if kind == "host" else None


def _answers(invitee: object) -> list[str]:
    given: Any = changes.part(invitee, "questions_and_answers")
    items = given if isinstance(given, list) else []
    return [answer for item in items if (answer := changes.text(item, "answer")) is not None]


def _phones(invitee: object) -> tuple[str, ...]:
    number = changes.text(invitee, "text_reminder_number")
    location = changes.text(invitee, "scheduled_event", "location", "location")
    candidates = [number, location, *_answers(invitee)]
    return tuple(one for one in candidates if one and sum(ch.isdigit() for ch in one) >= 7 and len(one) < 40)


def _usernames(invitee: object) -> tuple[str, ...]:
    return tuple(answer for answer in _answers(invitee) if answer.startswith("@") or "t.me/" in answer)
