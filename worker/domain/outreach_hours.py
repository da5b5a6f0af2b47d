"""The hours in which first messages may be sent, in the contact's local time. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo


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
        clock = local.time()
        if self.opens < self.closes:
            is_open = self.opens <= clock < self.closes
        else:
            is_open = clock >= self.opens or clock < self.closes
        if is_open:
            return None
        day = local.date() if clock < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, local.tzinfo).astimezone(now.tzinfo)
