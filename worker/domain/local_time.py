"""The local time of a contact, from the phone number, and days whose clocks change. Pure: no I/O."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone


def to_local_time(now: datetime, phone_e164: str | None) -> datetime:
    """Return `now` in the time zone of the phone number's country or region.

    Returns `now` unchanged if the phone is unknown or its time zones differ: a Russian mobile number may be
    anywhere between Kaliningrad and Kamchatka. `now` must be timezone-aware.
    """
    if phone_e164 is None:
        return now
    try:
        zones = timezone.time_zones_for_number(phonenumbers.parse(phone_e164))
        clocks = [now.astimezone(ZoneInfo(zone)) for zone in zones]
    except (phonenumbers.NumberParseException, ValueError, OSError):
        return now
    is_unambiguous = len({clock.utcoffset() for clock in clocks}) == 1
    return clocks[0] if is_unambiguous else now


def first_moment(day: date, clock: time, zone: tzinfo | None, *, after: datetime) -> datetime | None:
    """Return the first moment after `after` at which the clocks of `zone` reach `clock` on `day`.

    In a repeated hour there are two such moments. If the clocks skip `clock`, it is the end of the gap.
    None if the moments have passed. The result is in `zone`.
    """
    folds = (datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    moments = sorted(folds)
    if moments[0].astimezone(zone).replace(tzinfo=None) != datetime.combine(day, clock):
        moments = [_end_of_gap(moments[0], moments[1], zone)]
    for moment in moments:
        if moment > after:
            return moment.astimezone(zone)
    return None


def days_before(local: datetime, days: int = 1) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the `days` calendar days before a local time.

    With daylight saving time a day may have 23 hours, or none at all.
    """
    end = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (end - timedelta(days=days)).replace(fold=0), end


def _end_of_gap(before: datetime, behind: datetime, zone: tzinfo | None) -> datetime:
    """Return the moment between two others at which the offset of the zone changes, to the second."""
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, int((behind - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        is_old = (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset
        low, high = (middle + 1, high) if is_old else (low, middle)
    return before + timedelta(seconds=low)
