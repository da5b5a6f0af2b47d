"""Calls the webhooks: signed with their secret, and never repeated."""

import hmac
import json
from typing import Any

import httpx2

from sandbox.calcom.state import MEETING, OWNER, Booking, Calcom, iso
from sandbox.scheduler_api import Faults, WebhookCalls

NO_SHOW = "BOOKING_NO_SHOW_UPDATED"


class Webhooks(WebhookCalls[Booking]):
    """Delivers the events of bookings."""

    def __init__(self, calcom: Calcom) -> None:
        super().__init__()
        self._calcom = calcom

    @property
    def faults(self) -> Faults:
        """The faults that are set."""
        return self._calcom.faults

    def call(self, event: str, one: Booking) -> dict[str, Any]:
        """Return the body of a call; with the fault `bare` without the metadata, as of some cancellations."""
        payload = _no_show(one) if event == NO_SHOW else _payload(one)
        if self.faults.bare:
            payload.pop("metadata", None)
        return {"triggerEvent": event, "createdAt": iso(self._calcom.now()), "payload": payload}

    async def deliver(self, client: httpx2.AsyncClient, event: str, call: dict[str, Any]) -> None:
        """Make a call to all active webhooks, once."""
        for one in list(self._calcom.webhooks.values()):
            if not one.active or event not in one.triggers:
                continue
            body, key = json.dumps(call).encode(), self.signing_key(one.secret or "")
            signature = hmac.new(key.encode(), body, "sha256").hexdigest() if key else "no-secret-provided"
            headers = {"Content-Type": "application/json", "X-Cal-Signature-256": signature}
            try:
                status = (await client.post(one.url, content=body, headers=headers)).status_code
            except httpx2.HTTPError:
                status = None
            self._calcom.deliveries.append({"event": event, "status": status})


def _payload(one: Booking) -> dict[str, Any]:
    # The answers and the metadata are those of the person whom the call is about: the last to take a seat.
    last = one.seats[-1] if one.seats else None
    responses = {"name": one.name, "email": one.email, **one.answers}
    if last is not None:
        responses = {"name": last.name, "email": last.email}
    people = [(one.name, one.email, one.timezone)]
    people += [(seat.name, seat.email, seat.timezone) for seat in one.seats]
    people += [("", email, one.timezone) for email in one.guests]
    found: dict[str, Any] = {
        "type": "30min",
        "title": "30 min meeting",
        "bookingId": one.number,
        "uid": one.uid,
        "startTime": iso(one.start),
        "endTime": iso(one.start + MEETING),
        "organizer": {"name": "Owner", "email": OWNER, "timeZone": "Europe/Moscow"},
        "attendees": [{"name": name, "email": email, "timeZone": zone} for name, email, zone in people],
        "responses": {
            name: {"label": name, "value": value}
            for name, value in (responses | {"guests": one.guests}).items()
        },
        "location": "integrations:daily",
        "metadata": {**(last.metadata if last else one.metadata), "videoCallUrl": one.video_url},
        "status": one.status.upper(),
    }
    found |= {"rescheduleUid": one.old.uid} if one.old else {}
    found |= {"rescheduledBy": one.moved_by} if one.moved_by else {}
    return found | ({"cancelledBy": one.cancelled_by} if one.cancelled_by else {})


def _no_show(one: Booking) -> dict[str, Any]:
    attendees = [{"email": one.email, "noShow": one.is_absent}]
    return {"message": "Attendee's no-show status updated", "bookingUid": one.uid, "attendees": attendees}
