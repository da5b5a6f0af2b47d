"""Many prospects at once, each at a different crash point, and several kills in a row."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.chaos.crashes.barriers import Barrier, MissedError
from tests.chaos.crashes.blocks import AtCommit
from tests.chaos.crashes.crash_points import CRASH_POINTS, FINDING, GREETING_POINTS, TYPING, CrashPoint
from tests.chaos.crashes.crashes import CrashHarness
from tests.chaos.crashes.phases import Phase
from tests.chaos.crashes.prospects import Prospect
from tests.support.waiting import patience_seconds

Crowd = Sequence[tuple[CrashPoint, Prospect]]

KILLS = 3
# Seconds for which each call before a commit is held, so that all are held at once; longer on a busy machine.
CROWD_GATES = (1.5, 5, 15)

# The worker waits one second for the typing notification: too short for a crowd. test_crash_points has it.
IN_CALLS = [
    point for point in CRASH_POINTS if not isinstance(point.block, AtCommit) and point.block != TYPING
]
# On PostgreSQL all wait for row locks of `leads`, since every record begins with the lead's row.
AT_COMMITS = [
    replace(point, block=replace(point.block, table="leads"))
    for point in CRASH_POINTS
    if isinstance(point.block, AtCommit)
    and point.block.gate
    and not point.block.seen
    # A found peer is cached at once: after the first kill the worker makes no look-up.
    and point.block.gate != FINDING
]
GREETING_IN_FLIGHT = next(point for point in GREETING_POINTS if point.name.endswith("on its way"))
LINK_IN_FLIGHT = next(point for point in CRASH_POINTS if point.name == "link: on its way")


@pytest.mark.timeout(patience_seconds(240))
@pytest.mark.parametrize("points", [IN_CALLS, AT_COMMITS], ids=["in calls", "at commits"])
def test_three_kills_with_a_lead_at_every_crash_point(
    harness: CrashHarness, points: Sequence[CrashPoint]
) -> None:
    _check_sent_once(_crowd_after_kills(harness, points, KILLS), KILLS)


def test_two_leads_at_different_points(harness: CrashHarness) -> None:
    _check_sent_once(_crowd_after_kills(harness, [GREETING_IN_FLIGHT, LINK_IN_FLIGHT], 1), 1)


def _crowd_after_kills(harness: CrashHarness, points: Sequence[CrashPoint], kills: int) -> Crowd:
    for gate in CROWD_GATES:
        crowd = [(point, harness.prospect(point.journey, by_phone=point.by_phone)) for point in points]
        _run_phases(
            [(prospect, point.journey[: point.journey.index(point.phase)]) for point, prospect in crowd]
        )
        try:
            for kill in range(kills):
                _kill(harness, crowd, gate, first=kill == 0)
        except MissedError:
            _run_rest(crowd)
            continue
        harness.restart()
        return crowd
    raise AssertionError("some prospects always passed their crash point")


def _kill(harness: CrashHarness, crowd: Crowd, gate: float, *, first: bool) -> None:
    blocks = [(prospect, point.block) for point, prospect in crowd]
    with Barrier(harness.product, harness.lock, blocks, gate) as barrier:
        if first:
            for point, prospect in crowd:
                prospect.start(point.phase)
        else:
            harness.start_worker()
        barrier.wait_until_held()
        harness.kill()
    for point, prospect in crowd:
        harness.check_state(point, prospect)


def _run_phases(ways: Sequence[tuple[Prospect, Sequence[Phase]]]) -> None:
    """Run the phases of all prospects in parallel, one phase at a time."""
    for step in range(max(len(phases) for _, phases in ways)):
        walking = [(prospect, phases[step]) for prospect, phases in ways if step < len(phases)]
        for prospect, phase in walking:
            prospect.start(phase)
        for prospect, phase in walking:
            prospect.wait_until_done(phase)


def _run_rest(crowd: Crowd) -> None:
    for point, prospect in crowd:
        prospect.wait_until_done(point.phase)
    _run_phases([(prospect, prospect.phases_after(point.phase)) for point, prospect in crowd])


def _check_sent_once(crowd: Crowd, kills: int) -> None:
    _run_rest(crowd)
    for point, prospect in crowd:
        prospect.check_final_state()
        max_answers, sends = (
            1 + kills * (most > 1) for most in (point.expected.max_answers, point.expected.sends)
        )
        assert 1 <= prospect.count_answers(point.phase) <= max_answers, point.name
        assert prospect.count_sends(point.phase) == sends, point.name
