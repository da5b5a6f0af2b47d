"""Pure: when a new person may be written to, and how many of them a day."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

# Limits hold over any 24 hours, not from midnight to midnight: that is how Telegram sees an account.
DAY = timedelta(hours=24)
# Whoever has sent the form so recently still sits there: they are written to whatever the hour.
FRESH = timedelta(minutes=15)
# Those who come from a list have not just sent anything.
LISTED = "import"
# This part of a day's first messages is kept for people who have just sent the form.
KEPT_FOR_FRESH = 3
# What can be said within this time is prepared ahead: more would grow stale, and stand before the fresh.
AHEAD = timedelta(minutes=1)
LEAST_AHEAD = 2
# PEER_FLOOD lasts for days, and asking again too early makes it longer (reported).
PAUSES = (timedelta(days=1), timedelta(days=2), timedelta(days=4), timedelta(days=7))


@dataclass(frozen=True)
class Hours:
    """From `opens` to `closes` on the clock of the person; past midnight if `closes` is the earlier."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """From `09:00-20:00`; ValueError for anything else."""
        opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
        if opens == closes:
            raise ValueError("the hours are empty")
        return cls(opens, closes)

    def next_opening(self, now: datetime, zone: tzinfo | None) -> datetime | None:
        """When they next begin where the clocks are those of `zone`; None if they are open now."""
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


def is_fresh(source: str, created_at: datetime, now: datetime) -> bool:
    """Whether somebody has just sent the form."""
    return source != LISTED and now - created_at < FRESH


def cap(limit: int, warmup_days: int, *, made_at: datetime, now: datetime) -> int:
    """Most first messages in 24 hours: on day n of N days of warm-up (n from 1), limit × n ÷ N, but 1."""
    day = max(0, (now - made_at) // DAY) + 1
    return limit if day >= warmup_days else max(1, limit * day // warmup_days)


def cap_for(cap: int, *, fresh: bool) -> int:
    """Of so many first messages, how many may be for this kind of person."""
    return cap if fresh else cap - cap // KEPT_FOR_FRESH


def spaced(gap: timedelta, chance: float) -> timedelta:
    """The pause after a first message: the gap and up to half as much again; `chance` is from 0 to 1."""
    return gap * (1 + chance / 2)


def ahead(gap: timedelta, most: int) -> int:
    """How many conversations to prepare before their turn, at most `most`."""
    return most if gap * most <= AHEAD else max(LEAST_AHEAD, AHEAD // gap)


def pause(strikes: int) -> timedelta:
    """How long strangers are left alone after so many refusals in a row (from 1)."""
    return PAUSES[min(strikes, len(PAUSES)) - 1]


@dataclass(frozen=True)
class Limits:
    """The account's manners: least pauses between calls, and most of them in any 24 hours."""

    outreach_gap: timedelta
    daily_limit: int
    lookup_gap: timedelta
    warmup_days: int = 0
    resolves: int = 150
    imports: int = 15

    def cap(self, made_at: datetime, now: datetime) -> int:
        """Most first messages in 24 hours for an account whose row was made then."""
        return cap(self.daily_limit, self.warmup_days, made_at=made_at, now=now)
