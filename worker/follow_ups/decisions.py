"""Decides what becomes of the planned messages of a lead, at each moment. Pure.

The planner only says what is to happen; worker/dispatch sends, under the lease of the lead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from shared.database.models import PlannedMessage
from shared.leads.plans import FOLLOW_UPS, PERSON_WROTE, REMINDERS
from shared.statuses import FOLLOWED_UP, LeadStatus
from worker.domain.config.follow_up_config import FollowUpConfig
from worker.domain.config.outreach_hours import Hours
from worker.follow_ups.working_days import Calendar

# Between a message of ours and a follow-up, also if earlier ones were late.
LEAST_GAP = timedelta(hours=20)
# An answer to what the person has just done in the calendar may come at any hour.
_AT_ONCE = timedelta(minutes=30)
_ANSWERS_AN_ACT = frozenset({"confirmation", "cancellation"})
_STATUS_OF: Mapping[str, frozenset[LeadStatus]] = {
    "requested": FOLLOWED_UP,
    "follow_up": frozenset({LeadStatus.CONTACTED, LeadStatus.ENGAGED, LeadStatus.SCHEDULED}),
    "close": frozenset({LeadStatus.CONTACTED, LeadStatus.ENGAGED, LeadStatus.SCHEDULED}),
    "cancellation": frozenset({LeadStatus.SCHEDULED}),
} | dict.fromkeys(REMINDERS - {"cancellation"}, frozenset({LeadStatus.BOOKED}))
TOO_LATE, NOT_ANY_MORE, SWITCHED_OFF = "its time has passed", "the lead is {}", "follow-ups are switched off"
UNCONFIRMED = "the person has not confirmed that the request is theirs"
WRITTEN_SINCE = "the person was written to at that time"
_RECHECK_LIMITED = timedelta(hours=1)


@dataclass(frozen=True)
class Situation:
    """What the planner knows about a lead.

    `newest_word` is the id of the person's newest message (0: none). `is_waiting`: a message of the person,
    a draft or a queued message waits. `is_limited`: Telegram limits the account. `is_unconfirmed`: it is not
    sure that this person left the request. `not_own_acts`: the bookings that may have got their time from us.
    """

    status: LeadStatus
    now: datetime
    zone: tzinfo | None
    newest_word: int = 0
    last_sent_at: datetime | None = None
    is_waiting: bool = False
    is_limited: bool = False
    is_suppressed: bool = False
    is_unconfirmed: bool = False
    follow_ups_on: bool = True
    not_own_acts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Decision:
    """What becomes of the planned messages: at most one is sent or closes the lead; others end or move."""

    send: PlannedMessage | None = None
    close: PlannedMessage | None = None
    cancel: Mapping[int, str] = field(default_factory=dict)
    postpone: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """True if nothing is to be done now."""
        return self.send is None and self.close is None and not self.cancel and not self.postpone


# Reminders of a meeting are sent in these hours by the person's clock.
REMINDER_HOURS = Hours.parse("08:00-22:00")


def planner_of(config: FollowUpConfig, outreach_hours: Hours | None = None) -> "Planner":
    """Return the planner of a configuration; follow-ups also keep the hours of outreach, if there are any."""
    hours = Hours.parse(config.hours)
    return Planner(Calendar(hours, tuple(config.days_off), outreach_hours), REMINDER_HOURS)


def needs_slot(one: PlannedMessage, newest_word: int) -> bool:
    """Return True if a planned message counts in the account's limits, as a first message does.

    `newest_word`: the id of the person's newest message; 0 if they have never answered.
    """
    return one.kind == "follow_up" and newest_word == 0


@dataclass(frozen=True)
class Planner:
    """The rules: the calendar of follow-ups, and the hours of reminders."""

    calendar: Calendar
    reminder_hours: Hours

    def decide(self, planned: Sequence[PlannedMessage], situation: Situation) -> Decision:
        """Return what is to be done now with the planned messages of a lead, the next ones first."""
        cancel = {one.id: why for one in planned if (why := self._why_not(one, situation)) is not None}
        postpone: dict[int, datetime] = {}
        for one in planned:
            if one.id in cancel or one.send_at > situation.now:
                continue
            # The person is answered first: the plan is looked at again afterwards.
            if situation.is_waiting:
                continue
            later = self._later(one, situation)
            if one.kind == "close":
                later = self._close_later([row for row in planned if row.id not in cancel], situation)
            if later is not None and one.expires_at is not None and later >= one.expires_at:
                cancel[one.id] = TOO_LATE
            elif later is not None:
                postpone[one.id] = later
            elif one.kind == "close":
                return Decision(close=one, cancel=cancel, postpone=postpone)
            else:
                return Decision(send=one, cancel=cancel, postpone=postpone)
        return Decision(cancel=cancel, postpone=postpone)

    def may_still_be_sent(self, one: PlannedMessage, situation: Situation) -> str | datetime | None:
        """Check a queued message right before it is sent.

        Returns None if it may be sent now, the moment to which it is put off, or why it is not sent.
        """
        why = self._why_not(one, situation)
        if why is not None:
            return why
        later = self._later(one, situation)
        if later is not None and one.expires_at is not None and later >= one.expires_at:
            return TOO_LATE
        return later

    def _why_not(self, one: PlannedMessage, situation: Situation) -> str | None:
        """Return why a planned message is never sent; None if it may be."""
        now, known, last_sent_at = situation.now, one.after_message_id, situation.last_sent_at
        # Only what was asked for in an earlier version has no actor: that version may have sent it.
        is_of_earlier_version = one.kind == "requested" and one.actor is None
        was_sent_before = is_of_earlier_version and last_sent_at and last_sent_at >= one.send_at
        reasons = (
            (situation.is_suppressed, "on the do-not-contact list"),
            (situation.status not in _STATUS_OF[one.kind], NOT_ANY_MORE.format(situation.status)),
            (one.expires_at is not None and now >= one.expires_at, TOO_LATE),
            # A meeting's time and link are for the person who booked it.
            (one.kind in REMINDERS and situation.is_unconfirmed, UNCONFIRMED),
            (was_sent_before, WRITTEN_SINCE),
            (one.kind in FOLLOW_UPS and known is not None and situation.newest_word > known, PERSON_WROTE),
            (one.kind in ("follow_up", "close") and not situation.follow_ups_on, SWITCHED_OFF),
        )
        return next((reason for applies, reason in reasons if applies), None)

    def _later(self, one: PlannedMessage, situation: Situation) -> datetime | None:
        """Return when a due message may be sent if it is not now; None if it may be sent now."""
        now, zone = situation.now, situation.zone
        if one.kind == "close":
            return None
        if one.kind == "follow_up":
            if situation.is_limited:
                return now + _RECHECK_LIMITED
            earliest = max(now, situation.last_sent_at + LEAST_GAP if situation.last_sent_at else now)
            opening = self.calendar.next_open(earliest, zone)
            return opening if opening > now else None
        # At the time that the person has named, or right after what they have done in the calendar.
        asked_at = one.send_at if one.kind == "requested" else one.created_at
        is_own_act = one.kind in _ANSWERS_AN_ACT and not self._may_be_of_host(one, situation)
        if (one.kind == "requested" or is_own_act) and now - asked_at < _AT_ONCE:
            return None
        return self.reminder_hours.next_opening(now, zone)

    def _may_be_of_host(self, one: PlannedMessage, situation: Situation) -> bool:
        """Return True if a message about a booking may answer an act of the host, not of the person."""
        if one.kind == "cancellation":
            # It answers the person alone.
            return False
        # No scheduler says who has moved a meeting that keeps its name: `step` counts such moves.
        return one.booking_id in situation.not_own_acts or bool(one.step)

    def _close_later(self, planned: Sequence[PlannedMessage], situation: Situation) -> datetime | None:
        """Return when the follow-ups may end if a step is late: the person has a day to answer it."""
        waits = [row.send_at for row in planned if row.kind in ("requested", "follow_up")]
        earliest = [max(waits) + LEAST_GAP] if waits else []
        earliest += [situation.last_sent_at + LEAST_GAP] if situation.last_sent_at else []
        latest = max(earliest, default=situation.now)
        return max(latest, situation.now + LEAST_GAP) if waits else latest if latest > situation.now else None
