"""Pauses between tries, and whose fault an outage is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.backoff import OutageTracker, backoff

seconds = st.floats(min_value=0.001, max_value=10_000)


@given(attempt=st.integers(min_value=1, max_value=10_000), base=seconds, most=seconds)
def test_a_pause_is_between_half_its_ceiling_and_the_whole(attempt: int, base: float, most: float) -> None:
    ceiling = min(most, base * 2.0 ** min(attempt - 1, 30))
    pause = backoff(attempt, base=base, most=most)
    microsecond = timedelta(microseconds=1)
    assert timedelta(seconds=ceiling / 2) - microsecond <= pause
    assert pause <= timedelta(seconds=ceiling) + microsecond


@given(attempt=st.integers(min_value=1, max_value=8), base=st.floats(min_value=0.1, max_value=10))
def test_pauses_grow_until_the_ceiling(attempt: int, base: float) -> None:
    # Doubled twice, even the luckiest pause is longer than the unluckiest before.
    assert backoff(attempt + 2, base=base, most=1e9) > backoff(attempt, base=base, most=1e9)


def test_pauses_differ() -> None:
    assert len({backoff(5, base=2, most=300) for _ in range(50)}) > 40


@pytest.fixture
def outage() -> OutageTracker:
    return OutageTracker(base=1, most=8)


def test_while_nobody_gets_an_answer_it_is_nobodys_fault(outage: OutageTracker) -> None:
    assert not outage.lasts
    assert all(outage.failed(asker) is not None for asker in [1, 2, 3, 1, 2, 3, 1])
    assert outage.lasts


def test_the_pauses_of_one_outage_grow_over_all_askers(outage: OutageTracker) -> None:
    pauses = [pause for asker in range(5) if (pause := outage.failed(asker)) is not None]
    assert pauses[0] <= timedelta(seconds=1) < pauses[2] <= timedelta(seconds=4) <= pauses[4]


def test_a_success_ends_it(outage: OutageTracker) -> None:
    for asker in range(6):
        outage.failed(asker)
    outage.succeeded(6)
    assert not outage.lasts
    pause = outage.failed(7)
    assert pause is not None
    assert pause <= timedelta(seconds=1)


def test_who_fails_again_after_others_succeeded_is_to_blame(outage: OutageTracker) -> None:
    assert outage.failed(1) is not None
    outage.succeeded(2)
    assert outage.failed(1) is None


def test_who_is_to_blame_stays_so_only_while_others_succeed(outage: OutageTracker) -> None:
    outage.failed(1)
    outage.succeeded(2)
    assert outage.failed(1) is None
    assert outage.failed(1) is not None


def test_ones_own_success_takes_the_blame_away(outage: OutageTracker) -> None:
    outage.failed(1)
    outage.succeeded(1)
    assert outage.failed(1) is not None


def test_a_first_failure_is_never_ones_own_fault(outage: OutageTracker) -> None:
    outage.succeeded(2)
    assert outage.failed(1) is not None
