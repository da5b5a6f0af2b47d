"""Reads the product's own form of a booking, for schedulers without a reader of their own. Pure."""

from datetime import datetime

from shared.bookings import changes
from shared.bookings.changes import GENERIC, BookingChange, Kind, Party, UnreadableBookingError

_KINDS: dict[str, Kind] = {
    "created": "created",
    "booked": "created",
    "rescheduled": "changed",
    "moved": "changed",
    "changed": "changed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "no_show": "no_show",
    "no_show_undone": "no_show_undone",
}


def read_call(call: object, received_at: datetime) -> BookingChange | None:
    """Return the change of a call; None for an action that is not known.

    Raises UnreadableBookingError if what is needed is missing.
    """
    body = changes.part(call, "data") if isinstance(changes.part(call, "data"), dict) else call
    action = (changes.text(body, "action") or changes.text(call, "type") or "").rsplit(".", 1)[-1].lower()
    kind = _KINDS.get(action)
    if kind is None:
        if not action:
            raise UnreadableBookingError("action is missing: created, rescheduled, cancelled, no_show")
        return None
    token, contact = changes.text(body, "token"), changes.text(body, "contact")
    external_id, start = changes.text(body, "external_id"), changes.moment(body, "start")
    if external_id is None:
        raise UnreadableBookingError("external_id is missing: the scheduler's own name of the booking")
    if kind in ("created", "changed") and start is None:
        raise UnreadableBookingError("start is missing: a time such as 2026-11-02T15:00:00+03:00")
    told_at = changes.moment(body, "at")
    at = told_at or changes.moment(call, "timestamp") or received_at
    source = f"{GENERIC}-{name[:40].lower()}" if (name := changes.text(body, "source")) else GENERIC
    return BookingChange(
        source,
        kind,
        external_id,
        f"{source}:{_key(kind, external_id, start, told_at, at)}",
        at,
        start=start,
        end=changes.end_of(start, changes.moment(body, "end")),
        timezone=changes.text(body, "timezone"),
        url=changes.url(body, "url"),
        reschedule_url=changes.url(body, "reschedule_url"),
        cancel_url=changes.url(body, "cancel_url"),
        tokens=(token,) if token else (),
        name=changes.text(body, "name"),
        email=_contact(body, contact, "email"),
        phones=tuple(one for one in [_contact(body, contact, "phone")] if one),
        usernames=tuple(one for one in [_contact(body, contact, "username")] if one),
        moved_from=changes.text(body, "moved_from"),
        cancelled_by=_party(changes.text(body, "cancelled_by")),
        reason=changes.text(body, "reason"),
    )


def _key(kind: Kind, external_id: str, start: datetime | None, told_at: datetime | None, at: datetime) -> str:
    """Return the key of an event. `told_at` tells a repeat of the call from a move to a time of before.

    The envelope's time does not: a repeat may have another one.
    """
    if kind in ("created", "cancelled"):
        return f"{kind}:{external_id}"
    moments = [start, told_at] if kind == "changed" else [at]
    return ":".join([kind, external_id, *(one.isoformat() for one in moments if one is not None)])


def _contact(body: object, contact: str | None, kind: str) -> str | None:
    """Return a contact from the field of its name, or from `contact` if that looks like one."""
    given = changes.text(body, kind)
    if given or contact is None:
        return given
    is_username = contact.startswith("@") or "t.me/" in contact
    is_email = "@" in contact and not is_username
    looks = "username" if is_username else "email" if is_email else "phone"
    return contact if looks == kind else None


def _party(name: str | None) -> Party | None:
    return "person" if name in ("person", "invitee", "client") else "host" if name else None
