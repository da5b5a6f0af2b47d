"""The pause of a restricted account: everybody keeps it, and they do not all try at its end."""

from datetime import datetime, timedelta

from tests.support.rows import NOW
from worker.outreach.restriction import SPREAD, Pause, Restriction

HOUR = timedelta(hours=1)


class Time:
    """A clock that a test sets."""

    now: datetime = NOW


def test_a_restriction_pauses_until_its_end() -> None:
    time, chances = Time(), iter([0.0, 0.5])
    restriction = Restriction(lambda: time.now, lambda: next(chances))
    assert restriction.check() is None
    restriction.begin(HOUR, "frozen")
    assert restriction.check() == Pause(HOUR, "frozen")
    time.now += HOUR / 2
    assert restriction.check() == Pause(HOUR / 2 + SPREAD / 2, "frozen")
    time.now += HOUR / 2
    assert restriction.check() is None
    assert restriction.is_known
    restriction.end()
    assert not restriction.is_known


def test_a_delivered_message_ends_it_at_once() -> None:
    restriction = Restriction(lambda: NOW)
    restriction.begin(HOUR, "frozen")
    restriction.end()
    assert restriction.check() is None
