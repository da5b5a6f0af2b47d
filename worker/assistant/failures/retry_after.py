"""How long a provider asks to wait: its headers and its sentences in all the forms that are in use. Pure."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A shorter pause would hammer a provider that has just refused a call; after a longer one it is asked anyway.
MIN_WAIT = timedelta(seconds=1)
MAX_WAIT = timedelta(hours=1)

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")
_SECONDS = ("retry-after", "x-retry-after", "x-ratelimit-retry-after", "x-ratelimit-reset-after")
_RESET = ("x-ratelimit-reset", "ratelimit-reset")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[dhms]))+", re.IGNORECASE)
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[dhms])", re.IGNORECASE)
_SENTENCE = re.compile(
    r"(?:try again|retry(?:ing)?|wait|available|resets?)\s(?:\w+\s){0,3}?(?:in|after|for)?\s?"
    r"((?:\d{1,9}(?:\.\d{1,9})?\s?(?:milliseconds?|ms|seconds?|minutes?|hours?|[smh])(?![a-z])\s?){1,3})",
    re.IGNORECASE,
)
# Fields of the body: Gemini's `retryDelay`, OpenRouter's copy of the headers. Names are in lower case.
_FIELD = re.compile(
    r"\b(?:retry[_-]?(?:delay|after)(?:_?(?:seconds|sec|s))?|(?:x-)?ratelimit-reset(?:-\w+)?|reset_(?:at|in|time)"
    r"|wait_seconds)[=:]\s?(\S{1,40})"
)
_FIELD_MILLISECONDS = re.compile(r"\bretry[_-]?(?:delay|after)[_-]?(?:ms|millis\w*)[=:]\s?(\S{1,40})")
# A number that is about now, as seconds or milliseconds since 1970, is a point in time.
_YEAR = 366 * 86_400


def parse_wait(headers: Mapping[str, str], texts: Iterable[str], now: datetime) -> timedelta | None:
    """Return the wait that an answer asks for, between 1 s and 1 h; None if it asks for none.

    `headers` have lower-case names. `texts` are the sentences of the body, searched after the headers.
    """
    candidates = [
        *(_number(headers.get(name), 0.001) for name in _MILLISECONDS),
        *(_parse(headers.get(name), now) for name in _SECONDS),
        _parse_resets(headers, now),
        *(wait for text in texts for wait in (*_fields(text, now), _parse_sentence(text))),
    ]
    seconds = next((value for value in candidates if value is not None and value > 0), None)
    if seconds is None:
        return None
    return timedelta(seconds=min(max(seconds, MIN_WAIT.total_seconds()), MAX_WAIT.total_seconds()))


def _number(value: str | None, unit: float = 1) -> float | None:
    """Return a finite number times `unit`; None for anything else, such as `inf`."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number * unit if math.isfinite(number) else None


def _parse(value: str | None, now: datetime) -> float | None:
    """Return the seconds of a number, a duration (`6m0s`), a point in time or a date."""
    if value is None:
        return None
    value = value.strip()
    if (number := _number(value)) is not None:
        for since_1970 in (number, number / 1000):
            if abs(since_1970 - now.timestamp()) < _YEAR:
                return since_1970 - now.timestamp()
        return number
    if _DURATION.fullmatch(value):
        return _duration(value)
    return _parse_date(value, now)


def _duration(text: str) -> float:
    return sum(float(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(text))


def _parse_date(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - now).total_seconds()
    except OverflowError:
        return None


def _parse_resets(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the longest reset of a limit that is used up; of all limits if no header tells which one is."""
    resets = {name: _parse(value, now) for name, value in headers.items() if name.startswith(_RESET)}
    used_up = [
        seconds
        for name, seconds in resets.items()
        if seconds is not None and _number(headers.get(name.replace("-reset", "-remaining"))) == 0
    ]
    told = any(name.replace("-reset", "-remaining") in headers for name in resets)
    known = used_up if told else [seconds for seconds in resets.values() if seconds is not None]
    return max(known, default=None)


def _fields(text: str, now: datetime) -> Iterator[float | None]:
    """Yield the waits of the fields of a body, in words such as `retrydelay=22s`."""
    yield from (_number(value, 0.001) for value in _FIELD_MILLISECONDS.findall(text))
    yield from (_parse(value.strip("\"',}"), now) for value in _FIELD.findall(text))


def _parse_sentence(text: str) -> float | None:
    """Return the wait of a sentence such as `Please try again in 1m12.5s`."""
    found = _SENTENCE.search(text)
    if found is None:
        return None
    short = re.sub(r"milliseconds?", "ms", re.sub(r"\s", "", found[1].lower()))
    return _duration(re.sub(r"(?<=[smh])(?:econds?|inutes?|ours?)", "", short))
