"""Responds to what a person wishes beside the offer of a call: a phone call, another day, a human."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from shared.intents import Intent
from shared.statuses import FOLLOWED_UP, LeadStatus
from worker.dialogue import templates
from worker.dispatch.steps import responses
from worker.dispatch.steps.responses import Response
from worker.domain.assistant_port import Verdict, Wish

# The wishes that a colleague has to grant: the reason of the handoff.
REASONS: Mapping[Wish, str] = MappingProxyType(
    {
        Wish.CALL_ME: "asks to be called",
        Wish.BOOKING_TROUBLE: "has trouble with the booking page",
        Wish.RESCHEDULE: "wants to move a booked meeting",
    }
)
_TEMPLATES: Mapping[Wish, str] = MappingProxyType(
    {Wish.CALL_ME: "call", Wish.BOOKING_TROUBLE: "calendar", Wish.RESCHEDULE: "move"}
)
_WITH_LINK = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED})


def respond_to_wish(
    status: LeadStatus, verdict: Verdict, link: str, follow_up_at: datetime | None
) -> Response | None:
    """Return the response to the wish of a verdict; None if it has none, or if it is no longer granted.

    `link` is the booking link. `follow_up_at`: see responses.requested_time. A wish beside a refusal is not
    granted: the refusal counts. A question is answered before the person is told to wait for another day.
    """
    if verdict.intent is Intent.REJECT:
        return None
    wish = verdict.wish
    if wish is Wish.CALL_ME or (wish in REASONS and status in _WITH_LINK):
        text = templates.special_request(_TEMPLATES[wish], verdict.language)
        text = f"{text}\n{link}" if wish is Wish.RESCHEDULE else text
        return Response("answer", text, LeadStatus.HANDED_OFF, REASONS[wish])
    may_follow_up = status in FOLLOWED_UP and verdict.intent is not Intent.QUESTION
    if follow_up_at is not None and may_follow_up:
        return responses.promise_follow_up(follow_up_at, verdict.language)
    return None
