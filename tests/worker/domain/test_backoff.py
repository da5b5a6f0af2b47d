"""Pauses between tries, and whether an outage or the caller itself causes a failure."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.backoff import backoff
from worker.domain.outages import OutageTracker

seconds = st.floats(min_value=0.001, max_value=10_000)


@given(attempt=st.integers(min_value=1, max_value=10_000), base=seconds, maximum=seconds)
def test_a_pause_is_between_half_its_ceiling_and_its_ceiling(
    attempt: int, base: float, maximum: float
) -> None:
    ceiling = min(maximum, base * 2.0 ** min(attempt - 1, 30))
    pause = backoff(attempt, base=base, maximum=maximum)
    microsecond = timedelta(microseconds=1)
    assert timedelta(seconds=ceiling / 2) - microsecond <= pause
    assert pause <= timedelta(seconds=ceiling) + microsecond


@given(attempt=st.integers(min_value=1, max_value=8), base=st.floats(min_value=0.1, max_value=10))
def test_pauses_grow_until_the_ceiling(attempt: int, base: float) -> None:
    # After two doublings even the shortest pause is longer than the longest one before.
    assert backoff(attempt + 2, base=base, maximum=1e9) > backoff(attempt, base=base, maximum=1e9)


def test_pauses_are_random() -> None:
    assert len({backoff(5, base=2, maximum=300) for _ in range(50)}) > 40


@pytest.fixture
def outage() -> OutageTracker:
    return OutageTracker(base=1, maximum=8)


def test_while_every_call_fails_no_caller_is_the_cause(outage: OutageTracker) -> None:
    assert not outage.is_ongoing
    assert all(outage.failed(caller) is not None for caller in [1, 2, 3, 1, 2, 3, 1])
    assert outage.is_ongoing


def test_the_pauses_of_one_outage_grow_over_all_callers(outage: OutageTracker) -> None:
    pauses = [pause for caller in range(5) if (pause := outage.failed(caller)) is not None]
    assert pauses[0] <= timedelta(seconds=1) < pauses[2] <= timedelta(seconds=4) <= pauses[4]


def test_a_success_ends_the_outage(outage: OutageTracker) -> None:
    for caller in range(6):
        outage.failed(caller)
    outage.succeeded(6)
    assert not outage.is_ongoing
    pause = outage.failed(7)
    assert pause is not None
    assert pause <= timedelta(seconds=1)


def test_a_caller_that_fails_again_after_others_succeeded_is_the_cause(outage: OutageTracker) -> None:
    assert outage.failed(1) is not None
    outage.succeeded(2)
    assert outage.failed(1) is None


def test_a_caller_stays_the_cause_only_while_others_succeed(outage: OutageTracker) -> None:
    outage.failed(1)
    outage.succeeded(2)
    assert outage.failed(1) is None
    assert outage.failed(1) is not None


def test_a_callers_own_success_resets_it(outage: OutageTracker) -> None:
    outage.failed(1)
    outage.succeeded(1)
    assert outage.failed(1) is not None


def test_a_first_failure_is_never_the_callers_fault(outage: OutageTracker) -> None:
    outage.succeeded(2)
    assert outage.failed(1) is not None
