"""Working days and hours by the person's clock. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from worker.domain.config.outreach_hours import Hours
from worker.domain.local_time import first_moment

_WEEKEND = (5, 6)
# More days off in a row than that are a mistake; the search then ends at the last of them.
_MAX_DAYS = 60


@dataclass(frozen=True)
class Calendar:
    """The hours in which follow-ups are sent, and the days on which none is.

    A day off is a date (`2027-01-08`) or a day of every year (`01-07`).
    """

    hours: Hours
    days_off: Collection[str] = ()
    # OUTREACH_HOURS, if they are set: they hold too.
    outreach_hours: Hours | None = None

    def is_working_day(self, day: date) -> bool:
        """Return True if follow-ups may be sent on that day."""
        is_off = day.isoformat() in self.days_off or day.strftime("%m-%d") in self.days_off
        return day.weekday() not in _WEEKEND and not is_off

    def is_open_at(self, moment: datetime, zone: tzinfo | None) -> bool:
        """Return True if a follow-up may be sent at that moment to a person in that time zone."""
        local = moment.astimezone(zone)
        return self.is_working_day(local.date()) and self._closed(local) is None

    def next_open(self, moment: datetime, zone: tzinfo | None) -> datetime:
        """Return the first moment from `moment` at which a follow-up may be sent, in its time zone."""
        at = moment
        for _ in range(_MAX_DAYS):
            if self.is_open_at(at, zone):
                return at.astimezone(moment.tzinfo)
            at = self._next_try(at, zone)
        return at.astimezone(moment.tzinfo)

    def after(self, moment: datetime, days: int, zone: tzinfo | None) -> datetime:
        """Return the moment so many working days later at the same time of day, within the hours."""
        local = moment.astimezone(zone)
        day, left = local.date(), days
        for _ in range(_MAX_DAYS + 2 * days):
            if left <= 0:
                break
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        same_time = first_moment(day, local.time(), local.tzinfo, after=moment - timedelta(days=1))
        return self.next_open((same_time or moment + timedelta(days=days)).astimezone(moment.tzinfo), zone)

    def _closed(self, local: datetime) -> Hours | None:
        """Return the hours that are closed at a local time; None if all are open."""
        both = (self.hours, self.outreach_hours)
        return next((hours for hours in both if hours is not None and not hours.is_open_at(local)), None)

    def _next_try(self, at: datetime, zone: tzinfo | None) -> datetime:
        """Return the next opening; on a day off, the beginning of the next day."""
        local = at.astimezone(zone)
        closed = self._closed(local)
        if self.is_working_day(local.date()) and closed is not None:
            opening = closed.next_opening(at, zone)
            if opening is not None and opening > at:
                return opening
        day = local.date() + timedelta(days=1)
        return first_moment(day, time(), local.tzinfo, after=at) or at + timedelta(days=1)
