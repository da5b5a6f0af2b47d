"""Kills at the edges of a life: in the start, while catching up, while stopping; replies told only once."""

import signal
import time

import pytest

from tests.chaos.crashes.barriers import HELD_SECONDS, Barrier
from tests.chaos.crashes.blocks import AtCommit, InCall
from tests.chaos.crashes.crashes import Site
from tests.chaos.crashes.phases import ANSWER, GREETING, LINK, WON
from tests.chaos.crashes.prospects import Prospect
from tests.support.waiting import until

# A few times the poll of these houses.
ALONE_SECONDS = 0.4
WAKING = ("updates.GetState", "updates.GetDifference")
CATCHING_UP = ("messages.GetDialogs", "messages.GetHistory")
SENDING = InCall("messages.SendMessage")
SENT = InCall("messages.SendMessage", "delay_after")
RECORD = AtCommit(SENT, "leads")
# The account's updates go on from now: what came before is in the histories alone.
FORGETFUL = {"action": "difference_too_long", "times": 1}


def _greeted(site: Site) -> Prospect:
    prospect = site.prospect(WON)
    prospect.walk_to(ANSWER)
    return prospect


def _finishes(prospect: Prospect) -> None:
    prospect.walk_on(ANSWER)
    prospect.check()
    assert prospect.answers(ANSWER) == 1


@pytest.mark.parametrize("method", [*WAKING, *CATCHING_UP])
def test_a_kill_in_the_start_loses_no_reply(site: Site, method: str) -> None:
    prospect = _greeted(site)
    site.kill()
    prospect.begin(ANSWER)
    if method in CATCHING_UP:
        # The updates tell nothing of the reply, to no life: the chat itself has to be looked at.
        site.house.fault(action="difference_too_long", times=1)
    site.house.fault(action="delay_before", method=method, seconds=HELD_SECONDS, times=1)
    site.begin_life()
    until(lambda: not site.house.control.get("/telegram/faults").json(), f"{method} is held")
    site.kill()
    assert prospect.ledger.heard(prospect.lead_id) == []
    site.restart()
    _finishes(prospect)


@pytest.mark.parametrize("block", [SENDING, SENT], ids=["before it is there", "after it is there"])
def test_a_kill_in_the_drain_sends_once(site: Site, block: InCall) -> None:
    prospect = site.prospect(WON)
    with Barrier(site.house, site.lock, [(prospect, block)]) as barrier:
        prospect.begin(GREETING)
        barrier.reached()
        site.house.worker.send_signal(signal.SIGTERM)
        late = _left_alone(site)
        assert site.house.worker.exit_code is None
        site.kill()
    assert [row.state for row in prospect.ledger.out(prospect.lead_id)] == ["queued"]
    site.restart()
    prospect.walk_on(GREETING)
    late.walk_on(GREETING)
    for person, sends in ((prospect, 2), (late, 1)):
        person.check()
        assert person.sends_of(GREETING) == sends


def _left_alone(site: Site) -> Prospect:
    """Somebody new whom nobody takes on: the worker has begun to stop."""
    late = site.prospect(WON)
    late.begin(GREETING)
    deadline = time.monotonic() + ALONE_SECONDS
    while time.monotonic() < deadline:
        lead = late.ledger.lead(late.lead_id)
        assert (lead.status, lead.leased_by) == ("pending", None)
        time.sleep(0.02)
    return late


def _is_answered_after(site: Site, prospect: Prospect) -> None:
    site.house.fault(**FORGETFUL)
    site.restart()
    prospect.end(ANSWER)
    prospect.begin(LINK)
    prospect.end(LINK)
    prospect.check()


def test_a_reply_to_a_greeting_that_was_not_recorded(site: Site) -> None:
    prospect = site.prospect(WON)
    with Barrier(site.house, site.lock, [(prospect, RECORD)]) as barrier:
        prospect.begin(GREETING)
        barrier.reached()
        prospect.begin(ANSWER)
        site.kill()
    assert prospect.ledger.heard(prospect.lead_id) == []
    assert prospect.ledger.out(prospect.lead_id)[0].state == "queued"
    _is_answered_after(site, prospect)


def test_a_reply_that_was_not_stored(site: Site) -> None:
    prospect = site.prospect(WON)
    prospect.walk_to(ANSWER)
    with Barrier(site.house, site.lock, [(prospect, AtCommit(None, "leads"))]) as barrier:
        prospect.begin(ANSWER)
        barrier.reached()
        site.kill()
    assert prospect.ledger.heard(prospect.lead_id) == []
    _is_answered_after(site, prospect)
