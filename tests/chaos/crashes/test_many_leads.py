"""Many people at once, each at a seam of their own, and one kill after another."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.chaos.crashes.barriers import Barrier, MissedError
from tests.chaos.crashes.blocks import AtCommit
from tests.chaos.crashes.crash_points import FINDING, GREETING_SEAMS, SEAMS, Seam
from tests.chaos.crashes.crashes import Site
from tests.chaos.crashes.phases import Phase
from tests.chaos.crashes.prospects import Prospect

Crowd = Sequence[tuple[Seam, Prospect]]

KILLS = 3
# How long each call before a commit is held, so that all are at the same time; longer on a busy machine.
CROWD_GATES = (1.5, 5, 15)

IN_CALLS = [seam for seam in SEAMS if not isinstance(seam.block, AtCommit)]
# On PostgreSQL they wait for one lock together: each at its lead's row, with which every record begins.
AT_COMMITS = [
    replace(seam, block=replace(seam.block, table="leads"))
    for seam in SEAMS
    if isinstance(seam.block, AtCommit)
    and seam.block.gate
    and not seam.block.seen
    # Whoever was found is remembered at once: the lives after the first have nobody to look up.
    and seam.block.gate != FINDING
]
HERE = next(seam for seam in GREETING_SEAMS if seam.name.endswith("on its way"))
THERE = next(seam for seam in SEAMS if seam.name == "link: on its way")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seams", [IN_CALLS, AT_COMMITS], ids=["in calls", "at commits"])
def test_everybody_at_a_seam_and_three_kills_there(site: Site, seams: Sequence[Seam]) -> None:
    _told_once(_killed(site, seams, KILLS), KILLS)


def test_two_people_at_different_seams(site: Site) -> None:
    _told_once(_killed(site, [HERE, THERE], 1), 1)


def _killed(site: Site, seams: Sequence[Seam], kills: int) -> Crowd:
    for gate in CROWD_GATES:
        crowd = [(seam, site.prospect(seam.journey, by_phone=seam.by_phone)) for seam in seams]
        _walk([(prospect, seam.journey[: seam.journey.index(seam.phase)]) for seam, prospect in crowd])
        try:
            for kill in range(kills):
                _kill(site, crowd, gate, first=kill == 0)
        except MissedError:
            _walk_on(crowd)
            continue
        site.restart()
        return crowd
    raise AssertionError("some of the crowd were always past their seam")


def _kill(site: Site, crowd: Crowd, gate: float, *, first: bool) -> None:
    blocks = [(prospect, seam.block) for seam, prospect in crowd]
    with Barrier(site.house, site.lock, blocks, gate) as barrier:
        if first:
            for seam, prospect in crowd:
                prospect.begin(seam.phase)
        else:
            site.begin_life()
        barrier.reached()
        site.kill()
    for seam, prospect in crowd:
        site.look(seam, prospect)


def _walk(ways: Sequence[tuple[Prospect, Sequence[Phase]]]) -> None:
    """Everybody goes their way at the same time, a phase each."""
    for step in range(max(len(phases) for _, phases in ways)):
        walking = [(prospect, phases[step]) for prospect, phases in ways if step < len(phases)]
        for prospect, phase in walking:
            prospect.begin(phase)
        for prospect, phase in walking:
            prospect.end(phase)


def _walk_on(crowd: Crowd) -> None:
    for seam, prospect in crowd:
        prospect.end(seam.phase)
    _walk([(prospect, prospect.rest(seam.phase)) for seam, prospect in crowd])


def _told_once(crowd: Crowd, kills: int) -> None:
    _walk_on(crowd)
    for seam, prospect in crowd:
        prospect.check()
        asked, sends = (1 + kills * (most > 1) for most in (seam.left.asked, seam.left.sends))
        assert 1 <= prospect.answers(seam.phase) <= asked, seam.name
        assert prospect.sends_of(seam.phase) == sends, seam.name
