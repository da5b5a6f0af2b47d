"""Qualifies the configured models that are not known yet, once, while the worker runs."""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from worker.assistant.qualification.qualification import Qualification, qualify
from worker.assistant.trust import BAR, Trust, prompt_version
from worker.domain.assistant_port import AssistantUnavailableError
from worker.domain.config.model_servers import host_of
from worker.monitoring import qualifications
from worker.notifications import notices, texts
from worker.settings import AssistantSettings, WorkerSettings

log = logging.getLogger(__name__)

# A model that cannot be reached is tried again, and a qualification by another worker is waited for.
ROUND_SECONDS = 60.0


class Qualifier:
    """Fills a Trust with the scores of the configured models; used with ASSISTANT_TRUST=auto."""

    def __init__(
        self,
        settings: WorkerSettings,
        trust: Trust,
        database: Database,
        clock: Clock,
        *,
        round_seconds: float = ROUND_SECONDS,
    ) -> None:
        self._settings = settings
        self._trust = trust
        self._database = database
        self._clock = clock
        self._round_seconds = round_seconds
        self._version = prompt_version()
        self._unknown = settings.providers if settings.assistant_trust == "auto" else []

    async def restore(self) -> None:
        """Read the scores that are stored. Does nothing without a database."""
        with suppress(*DATABASE_DOWN, SQLAlchemyError):
            for model in [*self._unknown]:
                await self._restore(model)

    async def run(self) -> None:
        """Qualify the models that have no score, then wait until cancelled."""
        while self._unknown:
            for model in [*self._unknown]:
                with suppress(*DATABASE_DOWN):
                    await self._settle(model)
            if self._unknown:
                await asyncio.sleep(self._round_seconds)
        await asyncio.Event().wait()

    async def _settle(self, model: AssistantSettings) -> None:
        """Read the score of a model, or qualify it unless another worker does."""
        if await self._restore(model):
            return
        host, name = host_of(model.openai_base_url), model.openai_model
        async with self._database.writing() as session:
            is_ours = await qualifications.claim(
                session, host, name, version=self._version, now=self._clock()
            )
        if is_ours:
            await self._qualify(model, host, name)

    async def _qualify(self, model: AssistantSettings, host: str, name: str) -> None:
        log.info("testing the model %s: until it has passed, it works in careful mode", name)
        try:
            result = await qualify(model)
        except BaseException as error:
            async with self._database.writing() as session:
                await qualifications.release(session, host, name)
            if not isinstance(error, AssistantUnavailableError):
                raise
            log.info("the model %s is tested later: %s", name, error)
            return
        await self._store(host, name, result)

    async def _store(self, host: str, name: str, result: Qualification) -> None:
        now = self._clock()
        async with self._database.writing() as session:
            await qualifications.save(
                session,
                host,
                name,
                version=self._version,
                score=result.score,
                figures=result.figures,
                now=now,
            )
            if not result.is_passed and self._settings.owner_chat is not None:
                key = f"careful-mode:{host}:{name}:{self._version}"
                line = texts.render_line(
                    self._settings.owner_language, "careful", model=name, score=result.score, bar=BAR
                )
                await notices.add(session, key, line, now=now)
        self._know(host, name, result.score)

    async def _restore(self, model: AssistantSettings) -> bool:
        host, name = host_of(model.openai_base_url), model.openai_model
        async with self._database.reading() as session:
            row = await qualifications.load(session, host, name, self._version)
        if row is None or row.score is None:
            return False
        self._know(host, name, row.score)
        return True

    def _know(self, host: str, name: str, score: float) -> None:
        self._trust.record((host, name), score)
        self._unknown = [
            one for one in self._unknown if (host_of(one.openai_base_url), one.openai_model) != (host, name)
        ]
        if score < BAR:
            log.warning("the model %s scored %.2f of %.2f: it works in careful mode", name, score, BAR)
        else:
            log.info("the model %s scored %.2f: it may decide", name, score)
