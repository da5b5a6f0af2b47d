"""From any state, workers that run long enough complete all work."""

from shared.intents import Intent
from tests.property.chats import Scenario
from tests.property.system_under_test import SystemUnderTest

MAX_ROUNDS = 100


async def run_to_quiescence(system: SystemUnderTest) -> None:
    """Run new workers with every message delivered and all calls successful, until no work is left.

    Raises AssertionError if some work is never done.
    """
    system.workers = [system.current_worker(account_id) for account_id in system.accounts]
    for worker in list(system.workers):
        await system.crash(worker)
    for message in list(system.chats.inbound):
        await system.receive(message)
    for _ in range(MAX_ROUNDS):
        if not await _round(system):
            break
    system.tables.check_idle()


async def _round(system: SystemUnderTest) -> bool:
    """Do the due work and advance the time; returns False if nothing is scheduled."""
    for worker in system.workers:
        await system.claim(worker, 10)
        while worker.claimed:
            for number in list(worker.claimed):
                await system.decide_and_settle(worker, number, Scenario.SUCCESS, Intent.ACCEPT)
    due = system.tables.next_due()
    system.now = max(system.now, due or system.now)
    return due is not None
