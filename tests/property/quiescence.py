"""From any state, workers that are let work come to an end with everything done."""

from shared.statuses import Intent
from tests.property.chats import Fate
from tests.property.system_under_test import Stage

MOST_ROUNDS = 100


async def come_to_rest(stage: Stage) -> None:
    """Fresh workers, every letter heard, all going well; AssertionError if something stays undone."""
    stage.lives = [stage.living(account_id) for account_id in stage.accounts]
    for life in list(stage.lives):
        await stage.crash(life)
    for letter in list(stage.chats.letters):
        await stage.receive(letter)
    for _ in range(MOST_ROUNDS):
        if not await _round(stage):
            break
    stage.tables.check_at_rest()


async def _round(stage: Stage) -> bool:
    """What is due is done, or else time passes; False if there is nothing to wait for."""
    for life in stage.lives:
        await stage.claim(life, 10)
        while life.hands:
            for number in list(life.hands):
                await stage.go_on(life, number, Fate.WELL, Intent.ACCEPT)
    due = stage.tables.next_due()
    stage.now = max(stage.now, due or stage.now)
    return due is not None
