"""A month from its beginning to its figures."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import event

from sandbox.app import running
from sandbox.fake_telegram.state.limits import AccountLimits
from sandbox.fake_telegram.state.people import AccountFields
from shared.database.engine import Database
from tests.simulation.month import START, Figures, Month, Time
from tests.simulation.simulated_worker import office, settings_of

# What users report of Telegram.
USUAL = AccountLimits(new_chats=40, new_chats_burst=11, resolves=200, resolves_burst=25, imports=15)


async def run(
    folder: Path,
    database_url: str,
    *,
    days: int,
    leads: int,
    seed: int,
    say: Callable[[str], None],
    **settings: object,
) -> tuple[Figures, str]:
    """The figures, and the table of them. Two accounts."""
    time = Time(START)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running(people=False, clock=time.unix))
        world = sandbox.telegram.world
        second = world.add_account(AccountFields(phone="+79990000002"))
        database = Database(database_url)
        if not database.is_postgres:
            event.listen(database.engine.sync_engine, "connect", _hurry)
        stack.push_async_callback(database.close)
        offices = []
        for user_id in (sandbox.account.id, second.id):
            world.watches[user_id].limits = USUAL
            wanted = settings_of(folder, sandbox, user_id, **settings)
            offices.append(await stack.enter_async_context(office(wanted, sandbox, database, user_id, time)))
        month = Month(database, sandbox, offices, time, days=days, leads=leads, seed=seed)
        figures = await month.run(say)
        return figures, month.table(figures)


def _hurry(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    # It is thrown away: what a power cut would lose is not waited for.
    connection.cursor().execute("PRAGMA synchronous=OFF")
