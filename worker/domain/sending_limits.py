"""How many first messages and look-ups an account may make in 24 hours, and how far apart. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Limits hold over any 24 hours, not from midnight to midnight: that is how Telegram sees an account.
DAY = timedelta(hours=24)
# A lead is hot this long after its form: the contact is still at the screen, so any hour is suitable.
HOT_FOR = timedelta(minutes=15)
# The source of leads from a CSV import: their contacts have not just submitted a form.
IMPORTED = "import"
# One in this many of a day's first messages is reserved for hot leads.
RESERVED_FOR_HOT = 3
# Only as many leads are prepared as can be written to in this time. More would grow stale and delay hot ones.
PREPARE_AHEAD = timedelta(minutes=1)
MIN_PREPARED = 2
# PEER_FLOOD lasts for days, and asking again too early makes it longer (reported).
PEER_FLOOD_PAUSES = (timedelta(days=1), timedelta(days=2), timedelta(days=4), timedelta(days=7))
# A restricted account is tried again after an hour at first, and once a day at last.
RESTRICTION_PAUSES = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 24))
# After such a pause one first message is sent as a probe, this long before the others.
PROBE_INTERVAL = timedelta(minutes=10)


def is_hot(source: str, created_at: datetime, now: datetime) -> bool:
    """Return True if the contact has just submitted the form."""
    # A form whose time lies ahead was stored by a wrong clock: nothing is known of its age.
    return source != IMPORTED and -HOT_FOR < now - created_at < HOT_FOR


def outreach_cap(limit: int, warmup_days: int, *, created_at: datetime, now: datetime) -> int:
    """Return the most first messages in 24 hours for an account that was created at `created_at`.

    On day n of N days of warm-up (n from 1) it is limit × n ÷ N, but at least 1.
    """
    day = max(0, (now - created_at) // DAY) + 1
    return limit if day >= warmup_days else max(1, limit * day // warmup_days)


def longest_gap(gap: timedelta) -> timedelta:
    """Return the longest pause that `gap_with_jitter` returns."""
    return gap_with_jitter(gap, 1)


def cap_for(cap: int, *, hot: bool) -> int:
    """Return how many of `cap` first messages may go to hot leads, or to other leads."""
    return cap if hot else cap - cap // RESERVED_FOR_HOT


def gap_with_jitter(gap: timedelta, chance: float) -> timedelta:
    """Return the pause after a first message: `gap` and up to half as much again; `chance` is from 0 to 1."""
    return gap * (1 + chance / 2)


def max_prepared(gap: timedelta, maximum: int) -> int:
    """Return how many conversations to prepare before their turn, at most `maximum`."""
    return maximum if gap * maximum <= PREPARE_AHEAD else max(MIN_PREPARED, PREPARE_AHEAD // gap)


def peer_flood_pause(strikes: int) -> timedelta:
    """Return how long no stranger is written to after so many refusals in a row (from 1)."""
    return PEER_FLOOD_PAUSES[min(strikes, len(PEER_FLOOD_PAUSES)) - 1]


def restriction_pause(strikes: int) -> timedelta:
    """Return how long a restricted account sends nothing after so many refusals in a row (from 1)."""
    return RESTRICTION_PAUSES[min(strikes, len(RESTRICTION_PAUSES)) - 1]


@dataclass(frozen=True)
class Limits:
    """Limits of one account: minimum gaps between calls, and the most calls in any 24 hours."""

    outreach_gap: timedelta
    daily_limit: int
    lookup_gap: timedelta
    warmup_days: int = 0
    resolve_limit: int = 150
    import_limit: int = 15

    def outreach_cap(self, created_at: datetime, now: datetime) -> int:
        """Return the most first messages in 24 hours for an account whose row was created at `created_at`."""
        return outreach_cap(self.daily_limit, self.warmup_days, created_at=created_at, now=now)
