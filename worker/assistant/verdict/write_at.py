"""Reads the moment at which a person asks to be written to, as the model states it. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

# A later moment is a mistake of the model: calls are not planned further ahead.
MAX_DELAY = timedelta(days=366)
DEFAULT_TIME = time(11)
_DATE = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})|\b(?P<D>\d{1,2})\.(?P<M>\d{1,2})\.(?P<Y>\d{4})"
)
_CLOCK = re.compile(r"[T\s,]*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::[\d.]+)?\s*(?P<offset>[+-]\d{2}:?\d{2})?")


def read_write_at(text: str | None, now: datetime) -> datetime | None:
    """Return the moment in the time zone of `now`; None if it is unreadable, past or over a year ahead.

    A date without a time, or with midnight, means 11:00. A trailing `Z` is ignored: the model is asked for
    local time.
    """
    try:
        moment = _parse(text or "", now.tzinfo)
    except (ValueError, OverflowError):
        return None
    if moment is None:
        return None
    # In a repeated hour a time of day comes twice. In UTC: two times of one zone compare as clocks show them.
    since = now.astimezone(UTC)
    for one in (moment, moment.replace(fold=1)):
        if since < one.astimezone(UTC) <= since + MAX_DELAY:
            return one.astimezone(now.tzinfo)
    return None


def _parse(text: str, zone: tzinfo | None) -> datetime | None:
    found = _DATE.search(text)
    if found is None:
        return None
    year, month, day = found["y"] or found["Y"], found["m"] or found["M"], found["d"] or found["D"]
    clock = _CLOCK.match(text, found.end())
    at = time(int(clock["hour"]), int(clock["minute"])) if clock else time()
    if at == time():
        at, clock = DEFAULT_TIME, None
    named = _offset(clock["offset"]) if clock and clock["offset"] else zone
    return datetime.combine(date(int(year), int(month), int(day)), at, named)


def _offset(text: str) -> tzinfo:
    """Return the time zone of an offset from UTC such as +03:00."""
    span = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-span if text[0] == "-" else span)
