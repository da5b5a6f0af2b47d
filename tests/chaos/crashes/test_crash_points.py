"""At each seam: kill the worker, start it again, and everything is said exactly once."""

import pytest

from tests.chaos.crashes.crash_points import SINGLES, Seam
from tests.chaos.crashes.crashes import Site


@pytest.mark.parametrize("seam", SINGLES, ids=lambda seam: seam.name)
def test_a_kill_changes_nothing_for_the_person(site: Site, seam: Seam) -> None:
    prospect = site.crash(seam)
    committed = site.look(seam, prospect)
    site.restart()
    prospect.walk_on(seam.phase)
    prospect.check()
    kept = {(row.id, row.text, row.random_id) for row in site.ledger.out(prospect.lead_id)}
    assert {(row.id, row.text, row.random_id) for row in committed} <= kept
    assert 1 <= prospect.answers(seam.phase) <= seam.left.asked
    assert prospect.sends_of(seam.phase) == seam.left.sends
