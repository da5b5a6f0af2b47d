"""Outages: what counts, who waits how long, and who is the cause."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from worker.domain.circuit_breaker import LOST_CALL, SPACING, OutageTracker

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def outage() -> OutageTracker:
    return OutageTracker(base=1, maximum=8)


def fail(outage: OutageTracker, caller: int, now: datetime = NOW, **more: bool) -> timedelta | None:
    """A call that begins and fails at `now`."""
    outage.begin(caller)
    pause = outage.failed(caller, now, "down", **more)
    outage.release(caller)
    return pause


def test_while_every_call_fails_no_caller_is_the_cause(outage: OutageTracker) -> None:
    assert not outage.is_ongoing
    assert all(fail(outage, caller) is not None for caller in [1, 2, 3, 1, 2, 3, 1])
    assert outage.is_ongoing
    assert outage.reason == "down"


def test_an_outage_counts_once_however_many_callers_it_hits(outage: OutageTracker) -> None:
    pauses = [fail(outage, caller) for caller in range(10)]
    assert None not in pauses
    known = [pause for pause in pauses if pause is not None]
    assert known[0] <= SECOND
    assert [later - earlier for earlier, later in pairwise(known)] == [SPACING] * 9


def test_calls_of_an_earlier_round_do_not_count(outage: OutageTracker) -> None:
    for caller in range(10):
        outage.begin(caller)
    for caller in range(10):
        outage.failed(caller, NOW + caller * 20 * SECOND, "hangs")
    pause = outage.failed(0, NOW + 200 * SECOND, "hangs")
    assert pause is not None
    assert pause <= SECOND * 2


def test_the_pause_grows_from_round_to_round(outage: OutageTracker) -> None:
    now, pauses = NOW, []
    for _ in range(6):
        pause = fail(outage, 1, now)
        assert pause is not None
        pauses.append(pause)
        now += pause
    assert pauses[0] <= SECOND < pauses[2] <= 4 * SECOND <= pauses[3] <= pauses[5] * 2 <= 16 * SECOND


def test_one_caller_tries_and_the_others_follow_in_order(outage: OutageTracker) -> None:
    assert outage.hold(1, NOW) is None
    first = fail(outage, 1)
    fail(outage, 2)
    fail(outage, 3)
    assert first is not None
    assert outage.hold(3, NOW) == first + 2 * SPACING
    now = NOW + first
    assert outage.hold(1, now) is None
    # The trial is on its way: nobody else calls.
    held = outage.hold(2, now + SPACING)
    assert held is not None
    assert held >= SECOND
    outage.succeeded(1)
    outage.release(1)
    assert outage.hold(2, now) is None
    assert outage.hold(3, now) is None


def test_those_who_began_first_go_first_whatever_order_they_fail_in(outage: OutageTracker) -> None:
    for caller in (1, 2, 3):
        outage.begin(caller)
    for caller in (3, 1, 2):
        outage.failed(caller, NOW, "down")
        outage.release(caller)
    pauses = [outage.hold(caller, NOW) for caller in (1, 2, 3)]
    assert None not in pauses
    assert pauses == sorted(pauses, key=lambda pause: pause or SECOND)
    assert len(set(pauses)) == 3


def test_a_caller_whose_trials_fail_lets_the_next_one_try(outage: OutageTracker) -> None:
    now, tried = NOW, []
    for caller in (1, 2):
        fail(outage, caller)
    for _ in range(8):
        pauses = {caller: outage.hold(caller, now) or timedelta() for caller in (1, 2)}
        caller = min(pauses, key=lambda one: pauses[one])
        now += pauses[caller]
        assert outage.hold(caller, now) is None
        tried.append(caller)
        fail(outage, caller, now)
    # The second fails as well: the first, which waits longer, goes first again.
    assert tried == [1, 1, 1, 2, 2, 2, 1, 1]


def test_a_trial_that_fails_moves_the_others(outage: OutageTracker) -> None:
    first = fail(outage, 1)
    second = fail(outage, 2)
    assert first is not None
    assert second is not None
    now = NOW + first
    assert outage.hold(1, now) is None
    again = fail(outage, 1, now)
    assert again is not None
    assert again >= SECOND
    held = outage.hold(2, NOW + second)
    assert held is not None
    assert NOW + second + held == now + again + SPACING


def test_a_trial_that_never_ends_holds_nobody_forever(outage: OutageTracker) -> None:
    pause = fail(outage, 1)
    assert pause is not None
    assert outage.hold(1, NOW + pause) is None
    assert outage.hold(2, NOW + pause + LOST_CALL) is None


def test_a_caller_that_has_not_failed_yet_is_not_held_up(outage: OutageTracker) -> None:
    for _ in range(5):
        fail(outage, 1)
    assert outage.hold(1, NOW) is not None
    assert outage.hold(2, NOW) is None


def test_the_wait_that_a_provider_asks_for_holds_everybody(outage: OutageTracker) -> None:
    outage.failed(1, NOW, "rate", wait=30 * SECOND, provider_wide=True)
    assert outage.hold(2, NOW) == 30 * SECOND + SPACING
    # A longer wait counts, a shorter one does not.
    outage.failed(3, NOW, "rate", wait=40 * SECOND, provider_wide=True)
    outage.failed(4, NOW, "rate", wait=SECOND, provider_wide=True)
    assert outage.hold(1, NOW) == 40 * SECOND


def test_a_success_ends_the_outage(outage: OutageTracker) -> None:
    for caller in range(6):
        fail(outage, caller)
    outage.succeeded(6)
    assert not outage.is_ongoing
    pause = fail(outage, 7)
    assert pause is not None
    assert pause <= SECOND


def test_a_caller_that_fails_again_after_others_succeeded_is_the_cause(outage: OutageTracker) -> None:
    assert fail(outage, 1) is not None
    outage.succeeded(2)
    assert fail(outage, 1) is None
    assert not outage.is_ongoing
    assert fail(outage, 1, provider_wide=True) is not None


def test_a_caller_stays_the_cause_only_while_others_succeed(outage: OutageTracker) -> None:
    fail(outage, 1)
    outage.succeeded(2)
    assert fail(outage, 1) is None
    assert fail(outage, 1) is not None


def test_a_callers_own_success_resets_it(outage: OutageTracker) -> None:
    fail(outage, 1)
    outage.succeeded(1)
    assert fail(outage, 1) is not None


def test_a_slow_answer_is_the_callers_unless_others_are_slow_too(outage: OutageTracker) -> None:
    assert fail(outage, 1, slow=True) is None
    assert fail(outage, 1, slow=True) is None
    assert not outage.is_ongoing
    assert outage.hold(2, NOW) is None
    assert fail(outage, 2, slow=True) is not None
    assert outage.is_ongoing
    assert fail(outage, 1, slow=True) is not None
