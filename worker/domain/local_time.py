"""Pure: what the clock says where a person is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone


def local_time(now: datetime, phone_e164: str | None) -> datetime:
    """`now` by the clocks of the phone's country or region; as it was given, where those do not agree.

    A Russian mobile, say, may be anywhere between Kaliningrad and Kamchatka.
    """
    if phone_e164 is None:
        return now
    try:
        zones = timezone.time_zones_for_number(phonenumbers.parse(phone_e164))
        clocks = [now.astimezone(ZoneInfo(zone)) for zone in zones]
    except (phonenumbers.NumberParseException, ValueError, OSError):
        return now
    agreed = len({clock.utcoffset() for clock in clocks}) == 1
    return clocks[0] if agreed else now
