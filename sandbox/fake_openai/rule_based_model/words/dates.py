"""Parses requests to write later ("write on Monday"), in Russian and English. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta

# Requests for a later date than this are ignored.
_MAX_DELAY = timedelta(days=92)
_DEFAULT_HOUR = 11
_ACCEPTED_HOURS = range(9, 21)
_REQUEST = re.compile(
    r"\b(?:напиш\w+|пишите|верн(?:итесь|ись|[её]мся)|спишемся|напомн\w+|свяж\w+|"
    r"write|text me|message me|ping|remind|get back|reach out)\b",
    re.IGNORECASE,
)
_WEEKDAYS = [
    re.compile(rf"\b(?:{ru}|{en})\b", re.IGNORECASE)
    for ru, en in (
        ("понедельник", "monday"),
        ("вторник", "tuesday"),
        ("сред[уы]", "wednesday"),
        ("четверг", "thursday"),
        ("пятниц[уы]", "friday"),
        ("суббот[уы]", "saturday"),
        ("воскресень[ея]", "sunday"),
    )
]
_DELAY = re.compile(
    r"\b(?:через|in)\s+(?P<count>\d{1,2}|пару|a couple of|an?)?\s*"
    r"(?:(?P<hours>час\w*|hours?)|(?P<days>д(?:ень|ня|ней)|days?)|(?P<weeks>недел\w+|weeks?)|"
    r"(?P<months>месяц\w*|months?))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(?:в|после|at|after)\s+(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?\b", re.IGNORECASE)
_PARTS_OF_DAY = (
    (r"\bутр\w+|\bmorning\b", 10),
    (r"\bдн[её]м\b|\bafternoon\b", 14),
    (r"\bвечер\w+|\bevening\b", 18),
)
_DAYS_PER_UNIT = {"days": 1, "weeks": 7, "months": 30}
_LOCAL_TIME = re.compile(r"(\d{2}\.\d{2}\.\d{4}, \d{2}:\d{2})")


def parse_requested_time(text: str, now: datetime) -> datetime | None:
    """Return when the contact asks to be written to, in the time zone of `now`.

    Returns None if `text` has no such request, names no time, or the time is more than 92 days ahead.
    """
    if not _REQUEST.search(text):
        return None
    moment = _parse_hours(text, now) or _parse_day_and_time(text, now)
    return moment if moment is not None and now < moment <= now + _MAX_DELAY else None


def read_local_time(text: str) -> datetime | None:
    """Return the person's local time that a prompt states as `24.11.2026, 14:30`; None without one."""
    found = _LOCAL_TIME.search(text)
    return datetime.strptime(found[1], "%d.%m.%Y, %H:%M").replace(tzinfo=UTC) if found else None


def _parse_hours(text: str, now: datetime) -> datetime | None:
    found = _DELAY.search(text)
    return now + timedelta(hours=_parse_count(found)) if found and found["hours"] else None


def _parse_day_and_time(text: str, now: datetime) -> datetime | None:
    day = _parse_day(text.lower(), now.date())
    return None if day is None else datetime.combine(day, _parse_time(text.lower()), now.tzinfo)


def _parse_day(text: str, today: date) -> date | None:
    if re.search(r"\bпослезавтра\b|\bday after tomorrow\b", text):
        return today + timedelta(days=2)
    if re.search(r"\bзавтра\b|\btomorrow\b", text):
        return today + timedelta(days=1)
    if found := _DELAY.search(text):
        span = next((days for name, days in _DAYS_PER_UNIT.items() if found[name]), 0)
        return today + timedelta(days=_parse_count(found) * span)
    for number, pattern in enumerate(_WEEKDAYS):
        if pattern.search(text):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    if re.search(r"\bна (?:следующей|той) неделе\b|\bnext week\b", text):
        return today + timedelta(days=7 - today.weekday())
    return None


def _parse_time(text: str) -> time:
    if (found := _CLOCK.search(text)) and int(found["hour"]) in _ACCEPTED_HOURS:
        return time(int(found["hour"]), int(found["minute"] or 0))
    hour = next((hour for pattern, hour in _PARTS_OF_DAY if re.search(pattern, text)), _DEFAULT_HOUR)
    return time(hour)


def _parse_count(found: re.Match[str]) -> int:
    count = (found["count"] or "1").lower()
    if count.isdecimal():
        return int(count)
    return 2 if count in {"пару", "a couple of"} else 1
