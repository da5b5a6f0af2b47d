"""The wait that a provider asks for, in every form; nonsense is no wait."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from worker.assistant.failures.errors import read_failure
from worker.assistant.failures.retry_after import MAX_WAIT, MIN_WAIT, parse_wait

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": " 20s "}, 20),
        ({"retry-after": format_datetime(LATER, usegmt=True)}, 30),
        ({"retry-after": "2026-11-27T12:00:30Z"}, 30),
        ({"retry-after-ms": "2500", "retry-after": "3"}, 2.5),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"x-ratelimit-reset-requests": "1s"}, 1),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "1m12.5s"}, 72.5),
        ({"x-ratelimit-reset": str(int(LATER.timestamp()))}, 30),
        ({"x-ratelimit-reset": str(int(LATER.timestamp() * 1000))}, 30),
        ({"x-ratelimit-reset-after": "4"}, 4),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "5s",
                "x-ratelimit-remaining-tokens": "900",
                "x-ratelimit-reset-tokens": "6m0s",
            },
            5,
        ),
        ({"retry-after": "-1", "x-ratelimit-reset": "9"}, 9),
        ({"ratelimit-reset": "12"}, 12),
    ],
)
def test_the_wait_of_the_headers(headers: dict[str, str], seconds: float) -> None:
    wait = parse_wait(headers, [], NOW)
    assert wait is not None
    assert wait.total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["0.001", "1e-9", "0.5"])
def test_the_wait_has_a_floor(value: str) -> None:
    assert parse_wait({"retry-after": value}, [], NOW) == MIN_WAIT


@pytest.mark.parametrize("value", ["1e9", "999999", "9d", "Fri, 31 Dec 2999 23:59:59 GMT", "2999-01-01"])
def test_the_wait_has_a_ceiling(value: str) -> None:
    assert parse_wait({"retry-after": value}, [], NOW) == MAX_WAIT


@pytest.mark.parametrize(
    "value",
    [
        *("-1", "0", "-0.0", "inf", "-inf", "nan", "Infinity", "1e999", "", " ", "soon", "١٢x", "5 5"),
        *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 99 Foo 2026 25:61:61 GMT", "9999-99-99", "1" * 400, "\x00"),
    ],
)
@pytest.mark.parametrize(
    "name", ["retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-reset-tokens"]
)
def test_nonsense_is_no_wait_and_never_raises(name: str, value: str) -> None:
    assert parse_wait({name: value}, [], NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Rate limit reached. Please try again in 41.724s. Visit", 41.724),
        ("please try again in 1m12.5s", 72.5),
        ("Please retry after 60 seconds.", 60),
        ("Please retry in 22.5s.", 22.5),
        ("Try again in 350ms.", 1),
        ("Please wait 5 minutes", 300),
        ("retry after 86400 seconds", 3600),
    ],
)
def test_the_wait_of_a_sentence(text: str, seconds: float) -> None:
    wait = parse_wait({}, [text.lower()], NOW)
    assert wait is not None
    assert wait.total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"metadata": {"headers": {"X-RateLimit-Reset": str(int(LATER.timestamp() * 1000))}}}}, 30),
        ({"error": {"details": [{"@type": "google.rpc.RetryInfo", "retryDelay": "22s"}]}}, 22),
        ({"error": {"message": "slow down"}, "retry_after": 14}, 14),
        ({"retry_after_ms": 2500}, 2.5),
        ({"error": {"message": "The model will be available in 20 seconds"}}, 20),
        ({"message": "Your limit resets in 2m30s"}, 150),
    ],
)
def test_the_wait_of_the_body(body: object, seconds: float) -> None:
    failure = read_failure(429, {}, json.dumps(body), NOW)
    assert failure.wait is not None
    assert failure.wait.total_seconds() == pytest.approx(seconds)
