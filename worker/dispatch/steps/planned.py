"""Sends what is planned for a lead: follow-ups, reminders, and messages at a requested time."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from shared.database.models import Booking, PlannedMessage
from shared.leads import plans
from shared.statuses import LeadStatus
from worker.dialogue import booking_texts, templates
from worker.dialogue.booking_texts import Meeting
from worker.domain.assistant_port import Assistant, AssistantError, Greeting
from worker.domain.conversation import Conversation
from worker.domain.local_time import to_local_time
from worker.domain.outcomes import NothingToDo, Outcome, PlanChanged, QueueMessage
from worker.follow_ups.decisions import Decision, Planner, Situation
from worker.follow_ups.planned import not_own_acts

_WITH_LINK = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED})


@dataclass(frozen=True)
class PlanConfig:
    """The planner, whether follow-ups are on, and the company that a neutral question names."""

    planner: Planner
    follow_ups_on: bool
    company: str


async def write_planned(
    conversation: Conversation, assistant: Assistant, config: PlanConfig, *, now: datetime, link: str
) -> Outcome:
    """Return what is due of the plan; NothingToDo if nothing is. `now` is in the owner's time zone."""
    lead = conversation.lead
    if lead.follow_up_at is None or lead.follow_up_at > now:
        return NothingToDo()
    decision = decide(conversation, config, now)
    if decision.send is None or decision.cancel or decision.postpone:
        # What ends or moves is recorded first: the lead is then due again at once.
        closes = decision.close.id if decision.close and not decision.cancel else None
        return PlanChanged(decision.cancel, decision.postpone, closes)
    return await _message(conversation, decision.send, assistant, config, now=now, link=link)


def decide(conversation: Conversation, config: PlanConfig, now: datetime) -> Decision:
    """Return the decision of the planner, by the clock of the person."""
    return config.planner.decide(conversation.planned, situation_of(conversation, config, now))


def situation_of(conversation: Conversation, config: PlanConfig, now: datetime) -> Situation:
    """Return what the planner has to know about a conversation; `now` is in the owner's time zone."""
    return Situation(
        conversation.lead.status,
        now.astimezone(UTC),
        person_zone(conversation, now)[0],
        newest_word=conversation.newest_word,
        last_sent_at=conversation.last_sent_at,
        is_waiting=bool(conversation.unanswered) or conversation.has_draft,
        is_limited=conversation.is_account_limited,
        is_unconfirmed=conversation.is_unconfirmed,
        follow_ups_on=config.follow_ups_on,
        not_own_acts=not_own_acts(conversation.bookings.values()),
    )


def person_zone(conversation: Conversation, now: datetime) -> tuple[tzinfo | None, bool]:
    """Return the person's time zone and True, or the owner's and False if theirs is not known."""
    for booking in sorted(conversation.bookings.values(), key=lambda one: one.id, reverse=True):
        if booking.lead_id == conversation.id and (zone := _zone(booking.timezone)) is not None:
            return zone, True
    local = to_local_time(now, conversation.lead.phone_e164)
    return local.tzinfo, local is not now


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError):
        return None


async def _message(
    conversation: Conversation,
    one: PlannedMessage,
    assistant: Assistant,
    config: PlanConfig,
    *,
    now: datetime,
    link: str,
) -> Outcome:
    source: Greeting | None = None
    if one.kind == "follow_up":
        source, text = await _follow_up(conversation, one, assistant, config, now)
    elif one.kind == "requested":
        text = _requested(conversation, config)
    else:
        text = _about_booking(conversation, one, now=now, link=link)
    return QueueMessage(
        "follow_up",
        plans.message_key(conversation.id, one.id),
        text,
        None,
        planned_id=one.id,
        source=source,
        without_model=source is None,
    )


def _requested(conversation: Conversation, config: PlanConfig) -> str:
    language = conversation.language
    if conversation.is_unconfirmed:
        return templates.follow_up_unconfirmed(config.company, language)
    return templates.follow_up(language)


async def _follow_up(
    conversation: Conversation,
    one: PlannedMessage,
    assistant: Assistant,
    config: PlanConfig,
    now: datetime,
) -> tuple[Greeting | None, str]:
    """Return the model's answer, and the text; without a usable answer the fixed text."""
    language, step = conversation.language, one.step or 0
    if conversation.is_unconfirmed:
        return None, templates.ask_again_about_request(config.company, language)
    fixed = one.text or booking_texts.follow_up(
        language,
        step=step,
        has_answered=conversation.newest_word > 0,
        has_link=conversation.lead.status in _WITH_LINK,
    )
    try:
        written = await assistant.follow_up(
            conversation.brief(now),
            conversation.turns(),
            fixed,
            is_last=step > 0 or not conversation.newest_word,
        )
    except AssistantError:
        # Not worth a wait: the fixed text says the same.
        return None, fixed
    return written, written.text or fixed


def _about_booking(conversation: Conversation, one: PlannedMessage, *, now: datetime, link: str) -> str:
    language = "ru" if conversation.language == "ru" else "en"
    booking = conversation.bookings.get(one.booking_id or 0)
    if one.kind == "cancellation":
        return booking_texts.cancellation(language, link)
    if one.kind == "no_show":
        return booking_texts.no_show(language, link)
    if booking is None or booking.start_at is None:
        raise ValueError(f"planned message {one.id} is about a meeting without a time")
    meeting = _meeting(conversation, booking, booking.start_at, now)
    if one.kind == "confirmation":
        is_moved = booking.moved_from is not None or bool(one.step)
        return booking_texts.confirmation(meeting, language, is_moved=is_moved)
    return booking_texts.reminder(meeting, language, now)


def _meeting(conversation: Conversation, booking: Booking, start: datetime, now: datetime) -> Meeting:
    zone, is_known = person_zone(conversation, now)
    own = _zone(booking.timezone)
    local = start.astimezone(own or zone)
    return Meeting(local, own is not None or is_known, booking.url, booking.reschedule_url)
