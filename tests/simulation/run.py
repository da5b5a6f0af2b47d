"""Sets up and runs a simulated month."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import event

from sandbox.app import running
from sandbox.fake_telegram.state.limits import AccountLimits
from sandbox.fake_telegram.state.people import AccountFields
from shared.database.engine import Database
from tests.simulation.month import START, Figures, Month, SimulatedClock
from tests.simulation.simulated_worker import settings_of, simulated_worker

# Telegram's limits as users report them.
USUAL = AccountLimits(new_chats=40, new_chats_burst=11, resolves=200, resolves_burst=25, imports=15)


async def run(
    folder: Path,
    database_url: str,
    *,
    days: int,
    leads: int,
    seed: int,
    report: Callable[[str], None],
    **settings: object,
) -> tuple[Figures, str]:
    """Run the simulation with two accounts; returns the figures and their table."""
    time = SimulatedClock(START)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running(people=False, clock=time.unix))
        world = sandbox.telegram.world
        second = world.add_account(AccountFields(phone="+79990000002"))
        database = Database(database_url)
        if not database.is_postgres:
            event.listen(database.engine.sync_engine, "connect", _disable_fsync)
        stack.push_async_callback(database.close)
        workers = []
        for user_id in (sandbox.account.id, second.id):
            world.watches[user_id].limits = USUAL
            wanted = settings_of(folder, sandbox, user_id, **settings)
            workers.append(
                await stack.enter_async_context(simulated_worker(wanted, sandbox, database, user_id, time))
            )
        month = Month(database, sandbox, workers, time, days=days, leads=leads, seed=seed)
        figures = await month.run(report)
        return figures, month.table(figures)


def _disable_fsync(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    # The file is deleted afterwards, so nothing needs to survive a power cut.
    connection.cursor().execute("PRAGMA synchronous=OFF")
