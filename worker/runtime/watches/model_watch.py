"""Stores the state of the model's providers while the worker runs, and restores it at the start."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from worker.assistant.model_client.providers import ModelProviders
from worker.domain.config.model_servers import ServerState
from worker.monitoring import model_servers

log = logging.getLogger(__name__)

ROUND_SECONDS = 2


async def restore_providers(providers: ModelProviders, database: Database) -> None:
    """Restore the forms and the outage that the last run has stored. Does nothing without a database."""
    try:
        async with database.reading() as session:
            providers.restore(await model_servers.load(session))
    except (*DATABASE_DOWN, SQLAlchemyError) as error:
        log.warning("what is known of the model's provider cannot be read: %s", type(error).__name__)


class ProviderRecorder:
    """Stores the providers' states whenever they change."""

    def __init__(self, providers: ModelProviders, database: Database, clock: Clock) -> None:
        self._providers = providers
        self._database = database
        self._clock = clock
        self._stored: Sequence[ServerState] = ()

    async def run(self) -> None:
        """Store changes until cancelled. While the database is down, the next round tries again."""
        while True:
            try:
                await self.store()
            except DATABASE_DOWN as error:
                log.info("the state of the model's providers is stored later: %s", type(error).__name__)
            await asyncio.sleep(ROUND_SECONDS)

    async def store(self) -> None:
        """Store the states if they have changed since the last time."""
        states = self._providers.states()
        if states == self._stored:
            return
        async with self._database.writing() as session:
            await model_servers.save(session, states, now=self._clock())
        self._stored = states
