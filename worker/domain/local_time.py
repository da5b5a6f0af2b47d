"""The local time of a contact, from the phone number. Pure: no I/O."""

from datetime import datetime
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
