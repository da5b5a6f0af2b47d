"""The worker notices that the clock was set, and repairs; it tells how far the clock is off."""

from shared.database.engine import Database
from worker.domain.clock_jumps import ClockJumps
from worker.runtime.watches.clock_watch import REPEAT_AFTER, ClockWatch


class Clocks:
    machine = 1_000_000.0
    monotonic = 50.0

    def jumps(self) -> ClockJumps:
        return ClockJumps(lambda: self.machine, lambda: self.monotonic)

    def pass_time(self, seconds: float) -> None:
        self.machine += seconds
        self.monotonic += seconds


def test_passing_time_and_slewing_are_no_jumps() -> None:
    clocks = Clocks()
    jumps = clocks.jumps()
    clocks.pass_time(3_600)
    clocks.machine += 2
    assert jumps.check() == 0
    clocks.machine -= 86_400
    assert jumps.check() == -86_400
    assert jumps.check() == 0


def test_a_wrong_time_that_was_read_between_two_checks_is_noticed() -> None:
    clocks = Clocks()
    jumps = clocks.jumps()
    right = jumps.now()
    for ahead in (86_400, -86_400):
        clocks.machine += ahead
        jumps.now()
    assert jumps.now() == right
    assert jumps.check() == -86_400
    assert jumps.check() == 0


async def test_a_jump_is_repaired_once_and_a_jump_back_again_later(kept_database: Database) -> None:
    clocks = Clocks()
    repaired: list[float] = []

    async def repair(jump: float) -> None:
        repaired.append(jump)

    watch = ClockWatch(kept_database, lambda: 0, repair, clocks.jumps())
    await watch.check()
    clocks.machine += 86_400
    await watch.check()
    clocks.machine -= 86_400
    await watch.check()
    await watch.check()
    assert repaired == [86_400, -86_400]
    assert watch.trouble is None
    # What had begun by the wrong clock may have stored its moments later.
    for _ in range(2 * REPEAT_AFTER[-1]):
        await watch.check(compares=False)
    assert repaired == [86_400, *[-86_400] * (1 + len(REPEAT_AFTER))]


async def test_a_difference_to_telegram_is_told_until_it_is_gone(kept_database: Database) -> None:
    error = 600.0

    async def repair(_: float) -> None:
        raise AssertionError("the clock was not set")

    watch = ClockWatch(kept_database, lambda: error, repair, ClockJumps())
    await watch.check()
    assert watch.trouble == "this machine's clock is 600 s ahead of Telegram's"
    error = 1.0
    await watch.check()
    assert watch.trouble is None
