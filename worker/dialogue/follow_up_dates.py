"""Pure: when somebody who asks to be written to later means, in Russian or English."""

import re
from datetime import date, datetime, time, timedelta

# Beyond this nobody is held to it.
_FARTHEST = timedelta(days=92)
_USUAL_HOUR = 11
_HOURS = range(9, 21)
_ASKS = re.compile(
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
_AFTER = re.compile(
    r"\b(?:через|in)\s+(?P<count>\d{1,2}|пару|a couple of|an?)?\s*"
    r"(?:(?P<hours>час\w*|hours?)|(?P<days>д(?:ень|ня|ней)|days?)|(?P<weeks>недел\w+|weeks?)|"
    r"(?P<months>месяц\w*|months?))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(?:в|после|at|after)\s+(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?\b", re.IGNORECASE)
_PARTS = ((r"\bутр\w+|\bmorning\b", 10), (r"\bдн[её]м\b|\bafternoon\b", 14), (r"\bвечер\w+|\bevening\b", 18))
_SPANS = {"days": 1, "weeks": 7, "months": 30}
_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)


def parse_requested_time(text: str, now: datetime) -> datetime | None:
    """When the person asks to be written to, on the clock of `now`; None if they do not, or name no time."""
    if not _ASKS.search(text):
        return None
    moment = _in_hours(text, now) or _on_a_day(text, now)
    return moment if moment is not None and now < moment <= now + _FARTHEST else None


def spoken_day(moment: datetime, language: str) -> str:
    """The day as one says it."""
    return f"{moment.day} {_MONTHS[moment.month - 1]}" if language == "ru" else f"on {moment:%B} {moment.day}"


def _in_hours(text: str, now: datetime) -> datetime | None:
    found = _AFTER.search(text)
    return now + timedelta(hours=_count(found)) if found and found["hours"] else None


def _on_a_day(text: str, now: datetime) -> datetime | None:
    day = _day(text.lower(), now.date())
    return None if day is None else datetime.combine(day, _clock(text.lower()), now.tzinfo)


def _day(text: str, today: date) -> date | None:
    if re.search(r"\bпослезавтра\b|\bday after tomorrow\b", text):
        return today + timedelta(days=2)
    if re.search(r"\bзавтра\b|\btomorrow\b", text):
        return today + timedelta(days=1)
    if found := _AFTER.search(text):
        span = next((days for name, days in _SPANS.items() if found[name]), 0)
        return today + timedelta(days=_count(found) * span)
    for number, pattern in enumerate(_WEEKDAYS):
        if pattern.search(text):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    if re.search(r"\bна (?:следующей|той) неделе\b|\bnext week\b", text):
        return today + timedelta(days=7 - today.weekday())
    return None


def _clock(text: str) -> time:
    if (found := _CLOCK.search(text)) and int(found["hour"]) in _HOURS:
        return time(int(found["hour"]), int(found["minute"] or 0))
    hour = next((hour for pattern, hour in _PARTS if re.search(pattern, text)), _USUAL_HOUR)
    return time(hour)


def _count(found: re.Match[str]) -> int:
    count = (found["count"] or "1").lower()
    if count.isdecimal():
        return int(count)
    return 2 if count in {"пару", "a couple of"} else 1
