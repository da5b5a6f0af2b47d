"""The hours in which first messages may be sent, in the contact's local time. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from worker.domain.local_time import first_moment

# A zone may skip a whole day, as Samoa did in 2011.
_DAYS_AHEAD = 4


@dataclass(frozen=True)
class Hours:
    """Hours of outreach in the contact's local time; they pass midnight if `closes` is before `opens`."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """Parse `09:00-20:00`; raises ValueError for anything else."""
        opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
        if opens == closes:
            raise ValueError("the hours are empty")
        return cls(opens, closes)

    def next_opening(self, now: datetime, zone: tzinfo | None) -> datetime | None:
        """Return when the hours next begin in the time zone `zone`; None if they are open now.

        The result is in the time zone of `now`.
        """
        local = now.astimezone(zone)
        if self.is_open_at(local):
            return None
        for days in range(_DAYS_AHEAD):
            opening = first_moment(local.date() + timedelta(days=days), self.opens, local.tzinfo, after=now)
            if opening is not None and self.is_open_at(opening):
                return opening.astimezone(now.tzinfo)
        # Only if the clocks skip all hours of every day.
        return now + timedelta(days=1)

    def is_open_at(self, local: datetime) -> bool:
        """Return True if the hours are open at a local time."""
        clock = local.time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes
