"""Qualifies the configured models that are not known yet, once, while the worker runs."""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from shared.backoff import GrowingPause
from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from worker.assistant.qualification import scores
from worker.assistant.qualification.qualification import Qualification, qualify
from worker.assistant.trust import BAR, ServerName, Trust, prompt_version
from worker.domain.assistant_port import AssistantUnavailableError
from worker.monitoring import qualifications
from worker.notifications import notices, texts
from worker.settings import AssistantSettings, WorkerSettings

log = logging.getLogger(__name__)

# A model that cannot be reached is tried again, and a qualification by another worker is waited for.
ROUND_SECONDS = 60.0
# A model with a small limit of calls, or one that is too slow, is left to the people who write.
MAX_ROUND_SECONDS = 900.0


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
        self._pause = GrowingPause(base=round_seconds, maximum=MAX_ROUND_SECONDS)
        # The answers so far of a model that could not be reached in between: no turn is paid for twice.
        self._answers: dict[ServerName, dict[str, str | None]] = {}
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
            is_reached = True
            for model in [*self._unknown]:
                with suppress(*DATABASE_DOWN):
                    is_reached = await self._settle(model) and is_reached
            if self._unknown:
                await asyncio.sleep(self._round_seconds if is_reached else self._pause.failed())
        await asyncio.Event().wait()

    async def _settle(self, model: AssistantSettings) -> bool:
        """Read the score of a model, or qualify it unless another worker does; False: it is not reached."""
        if await self._restore(model):
            return True
        async with self._database.writing() as session:
            is_ours = await qualifications.claim(
                session, *scores.server_of(model), version=self._version, now=self._clock()
            )
        return await self._qualify(model) if is_ours else True

    async def _qualify(self, model: AssistantSettings) -> bool:
        name = model.openai_model
        log.info("testing the model %s: until it has passed, it works in careful mode", name)
        try:
            result = await qualify(model, known=self._answers.setdefault(scores.server_of(model), {}))
        except BaseException as error:
            async with self._database.writing() as session:
                await qualifications.release(session, *scores.server_of(model))
            if not isinstance(error, AssistantUnavailableError):
                raise
            log.info("the model %s is tested later: %s", name, error)
            return False
        await self._store(model, result)
        return True

    async def _store(self, model: AssistantSettings, result: Qualification) -> None:
        now, (host, name) = self._clock(), scores.server_of(model)
        async with self._database.writing() as session:
            await scores.save(session, model, result, now=now)
            if not result.is_passed and self._settings.owner_chat is not None:
                key = f"careful-mode:{host}:{name}:{self._version}"
                line = texts.render_line(
                    self._settings.owner_language, "careful", model=name, score=result.score, bar=BAR
                )
                await notices.add(session, key, line, now=now)
        self._know(model, result.score)

    async def _restore(self, model: AssistantSettings) -> bool:
        async with self._database.reading() as session:
            score = await scores.load(session, model)
        if score is None:
            return False
        self._know(model, score)
        return True

    def _know(self, model: AssistantSettings, score: float) -> None:
        server, name = scores.server_of(model), model.openai_model
        self._trust.record(server, score)
        self._unknown = [one for one in self._unknown if scores.server_of(one) != server]
        if score < BAR:
            log.warning("the model %s scored %.2f of %.2f: it works in careful mode", name, score, BAR)
        else:
            log.info("the model %s scored %.2f: it may decide", name, score)
