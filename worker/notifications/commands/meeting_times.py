"""Reads when a meeting is, as the owner writes it: «пятница 15:00», "tomorrow at 3 pm", 04.12 15:00. Pure."""

import re
from datetime import datetime, timedelta

from worker.domain.wording.months import MONTHS

_WEEKDAYS = (
    ("понедельник", "пн", "monday", "mon"),
    ("вторник", "вт", "tuesday", "tue"),
    ("среда", "среду", "ср", "wednesday", "wed"),
    ("четверг", "чт", "thursday", "thu"),
    ("пятница", "пятницу", "пт", "friday", "fri"),
    ("суббота", "субботу", "сб", "saturday", "sat"),
    ("воскресенье", "вс", "sunday", "sun"),
)
_DAYS = {"сегодня": 0, "today": 0, "завтра": 1, "tomorrow": 1, "послезавтра": 2}
_CLOCK = re.compile(
    r"(?:\b(?:в|at|на)\s+)?\b(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d)\b(?![.\d])|\s*(?P<half>am|pm)\b|\s*(?:ч|час\w*)\b)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?P<day>\d{1,2})\.(?P<month>1[0-2]|0?[1-9])(?:\.(?P<year>\d{4}|\d\d))?\b|\b(?P<iso>\d{4}-\d\d-\d\d)\b"
)
_DATE_IN_WORDS = re.compile(rf"\b(?P<day>\d{{1,2}})\s+(?P<month>{'|'.join(MONTHS)})\b")


def parse_meeting(text: str, now: datetime) -> datetime | None:
    """Return the next such moment after `now`, in its time zone; None if the text names no day or no time.

    A time alone is today's, or tomorrow's if it has passed.
    """
    words = " ".join(text.lower().replace(",", " ").split())
    day, rest = _day_of(words, now)
    clock = _CLOCK.search(rest)
    if clock is None:
        return None
    hour, minute = int(clock["hour"]), int(clock["minute"] or 0)
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"] == "pm" else 0)
    if hour > 23 or minute > 59:
        return None
    at = (day or now).replace(hour=hour, minute=minute, second=0, microsecond=0)
    if at > now:
        return at
    if day is None:
        return at + timedelta(days=1)
    # "Friday 10:00" on a Friday afternoon is the next one.
    return at + timedelta(days=7) if _is_weekday(words) else None


def _day_of(words: str, now: datetime) -> tuple[datetime | None, str]:
    """Return the day that is named (None: none), and the words without it."""
    try:
        if found := _DATE.search(words):
            return _date(found, now), words[: found.start()] + words[found.end() :]
        if found := _DATE_IN_WORDS.search(words):
            month = MONTHS.index(found["month"]) + 1
            day = _in_future(now.replace(month=month, day=int(found["day"])), now)
            return day, words[: found.start()] + words[found.end() :]
    except ValueError:
        return None, ""
    for word in words.split():
        if word in _DAYS:
            return now + timedelta(days=_DAYS[word]), words
        for number, names in enumerate(_WEEKDAYS):
            if word in names:
                return now + timedelta(days=(number - now.weekday()) % 7), words
    return None, words


def _date(found: re.Match[str], now: datetime) -> datetime:
    if found["iso"]:
        day = datetime.fromisoformat(found["iso"])
        return now.replace(year=day.year, month=day.month, day=day.day)
    day = now.replace(month=int(found["month"]), day=int(found["day"]))
    if year := found["year"]:
        return day.replace(year=int(year) + (2000 if len(year) == 2 else 0))
    return _in_future(day, now)


def _in_future(day: datetime, now: datetime) -> datetime:
    return day if day.date() >= now.date() else day.replace(year=day.year + 1)


def _is_weekday(words: str) -> bool:
    return any(word in names for word in words.split() for names in _WEEKDAYS)
