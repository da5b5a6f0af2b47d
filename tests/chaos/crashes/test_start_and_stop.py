"""Kills during the start, the catch-up and the drain; and replies that Telegram reports only once."""

import signal
import time

import pytest

from tests.chaos.crashes.barriers import HELD_SECONDS, Barrier
from tests.chaos.crashes.blocks import AtCommit, InCall
from tests.chaos.crashes.crashes import CrashHarness
from tests.chaos.crashes.phases import ANSWER, GREETING, LINK, WON
from tests.chaos.crashes.prospects import Prospect
from tests.support.waiting import until

# Several times the poll interval of these products (0.1 s).
UNCLAIMED_SECONDS = 0.4
GETTING_UPDATES = "updates.GetDifference"
CATCHING_UP = ("messages.GetDialogs", "messages.GetHistory")
SENDING = InCall("messages.SendMessage")
SENT = InCall("messages.SendMessage", "delay_after")
RECORD = AtCommit(SENT, "leads")
# Telegram skips the updates until now: earlier messages are only in the chat histories.
SKIPPED_UPDATES = {"action": "difference_too_long", "times": 1}


def _greeted(harness: CrashHarness) -> Prospect:
    prospect = harness.prospect(WON)
    prospect.run_until(ANSWER)
    return prospect


def _finishes(prospect: Prospect) -> None:
    prospect.run_rest(ANSWER)
    prospect.check_final_state()
    assert prospect.count_answers(ANSWER) == 1


@pytest.mark.parametrize("method", [GETTING_UPDATES, *CATCHING_UP])
def test_a_kill_during_the_start_loses_no_reply(harness: CrashHarness, method: str) -> None:
    prospect = _greeted(harness)
    harness.kill()
    prospect.start(ANSWER)
    if method in CATCHING_UP:
        # No worker gets an update about the reply: it must read the chat history.
        harness.product.plan_fault(action="difference_too_long", times=1)
    harness.product.plan_fault(action="delay_before", method=method, seconds=HELD_SECONDS, times=1)
    harness.start_worker()
    until(lambda: not harness.product.control.get("/telegram/faults").json(), f"{method} is held")
    harness.kill()
    assert prospect.reader.inbound(prospect.lead_id) == []
    harness.restart()
    _finishes(prospect)


@pytest.mark.parametrize("block", [SENDING, SENT], ids=["before it is there", "after it is there"])
def test_a_kill_during_the_drain_sends_once(harness: CrashHarness, block: InCall) -> None:
    prospect = harness.prospect(WON)
    with Barrier(harness.product, harness.lock, [(prospect, block)]) as barrier:
        prospect.start(GREETING)
        barrier.wait_until_held()
        harness.product.worker.send_signal(signal.SIGTERM)
        # Before this line the worker may still claim a new lead.
        harness.product.worker.wait_for_log("stopping: no more leads are claimed")
        late = _unclaimed_lead(harness)
        assert harness.product.worker.exit_code is None
        harness.kill()
    assert [row.state for row in prospect.reader.out(prospect.lead_id)] == ["queued"]
    harness.restart()
    prospect.run_rest(GREETING)
    late.run_rest(GREETING)
    for person, sends in ((prospect, 2), (late, 1)):
        person.check_final_state()
        assert person.count_sends(GREETING) == sends


def _unclaimed_lead(harness: CrashHarness) -> Prospect:
    """A new lead that stays unclaimed, because the worker is stopping."""
    late = harness.prospect(WON)
    late.start(GREETING)
    deadline = time.monotonic() + UNCLAIMED_SECONDS
    while time.monotonic() < deadline:
        lead = late.reader.lead(late.lead_id)
        assert (lead.status, lead.leased_by) == ("pending", None)
        time.sleep(0.02)
    return late


def _is_answered_after(harness: CrashHarness, prospect: Prospect) -> None:
    harness.product.plan_fault(**SKIPPED_UPDATES)
    harness.restart()
    prospect.wait_until_done(ANSWER)
    prospect.start(LINK)
    prospect.wait_until_done(LINK)
    prospect.check_final_state()


def test_a_reply_to_a_greeting_that_was_not_recorded(harness: CrashHarness) -> None:
    prospect = harness.prospect(WON)
    with Barrier(harness.product, harness.lock, [(prospect, RECORD)]) as barrier:
        prospect.start(GREETING)
        barrier.wait_until_held()
        prospect.start(ANSWER)
        harness.kill()
    assert prospect.reader.inbound(prospect.lead_id) == []
    assert prospect.reader.out(prospect.lead_id)[0].state == "queued"
    _is_answered_after(harness, prospect)


def test_a_reply_that_was_not_stored(harness: CrashHarness) -> None:
    prospect = harness.prospect(WON)
    prospect.run_until(ANSWER)
    with Barrier(harness.product, harness.lock, [(prospect, AtCommit(None, "leads"))]) as barrier:
        prospect.start(ANSWER)
        barrier.wait_until_held()
        harness.kill()
    assert prospect.reader.inbound(prospect.lead_id) == []
    _is_answered_after(harness, prospect)
