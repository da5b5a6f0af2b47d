"""At each crash point: after a kill and a restart every message is sent exactly once."""

import pytest

from tests.chaos.crashes.crash_points import SINGLE_LEAD_POINTS, CrashPoint
from tests.chaos.crashes.crashes import CrashHarness


@pytest.mark.parametrize("point", SINGLE_LEAD_POINTS, ids=lambda point: point.name)
def test_after_a_kill_every_message_is_sent_once(harness: CrashHarness, point: CrashPoint) -> None:
    prospect = harness.crash(point)
    committed = harness.check_state(point, prospect)
    harness.restart()
    prospect.run_rest(point.phase)
    prospect.check_final_state()
    kept = {(row.id, row.text, row.random_id) for row in harness.reader.out(prospect.lead_id)}
    assert {(row.id, row.text, row.random_id) for row in committed} <= kept
    assert 1 <= prospect.count_answers(point.phase) <= point.expected.max_answers
    assert prospect.count_sends(point.phase) == point.expected.sends
