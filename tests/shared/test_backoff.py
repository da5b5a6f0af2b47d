"""Pauses between tries."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import backoff

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
