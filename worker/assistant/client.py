"""One structured call to the model, over the Responses API or chat completions."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import httpx2
import openai
from pydantic import BaseModel

from worker.assistant.api_formats import APIS, RawAnswer
from worker.assistant.errors import refusing, translated
from worker.assistant.prices import price_of
from worker.domain.assistant_port import AssistantError, AssistantPausedError, Turn, Usage
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT", bound=BaseModel)

CALL_SECONDS = 45
# Whoever takes an idle connection looks whether any other has been closed: many of them cost every call.
LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=16)


@dataclass(frozen=True)
class ModelAnswer(Generic[AnswerT]):
    """The model's answer, and what it took."""

    value: AnswerT
    usage: Usage


class ModelClient(Protocol):
    """Whatever answers as a model does."""

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """As Model.ask."""

    async def transcribe(self, audio: bytes) -> str:
        """As Model.transcribe."""


class Model:
    """Asks; after an empty purse or a refused key it is silent for a while, for all leads at once."""

    def __init__(self, settings: AssistantSettings, *, call_seconds: float = CALL_SECONDS) -> None:
        self._settings = settings
        self._api = APIS[settings.openai_api]
        self._pause = timedelta(seconds=settings.assistant_pause_seconds)
        self._paused_until = 0.0
        self._paused_why = ""
        http_client = openai.DefaultAsyncHttpxClient(proxy=settings.openai_proxy, limits=LIMITS)
        self._client = openai.AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            http_client=http_client,
            timeout=call_seconds,
            # Every retry is the worker's: it is counted, spread, and survives a restart.
            max_retries=0,
        )

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """The model's answer in `shape`; the fixed instructions come first, so that providers cache them.

        Raises AssistantError and its kinds.
        """
        began = time.monotonic()
        with self._unless_paused():
            answer, usage = await self._call(instructions, turns, shape)
        if answer is None:
            raise AssistantError("the model refused to answer")
        return ModelAnswer(answer, replace(usage, latency_ms=round((time.monotonic() - began) * 1000)))

    async def transcribe(self, audio: bytes) -> str:
        """What TRANSCRIBE_MODEL hears. Raises AssistantError and its kinds."""
        model = self._settings.transcribe_model
        if model is None:
            raise AssistantError("TRANSCRIBE_MODEL: is not set")
        # Servers tell the format by the name: Telegram's voices are Ogg, its round videos MP4.
        name = "voice.ogg" if audio.startswith(b"OggS") else "voice.mp4"
        with self._unless_paused(), refusing("TRANSCRIBE_MODEL"):
            heard = await self._client.audio.transcriptions.create(file=(name, audio), model=model)
        return heard.text

    @contextmanager
    def _unless_paused(self) -> Iterator[None]:
        """A call to the API; after some errors there are none for a while."""
        left = self._paused_until - time.monotonic()
        if left > 0:
            raise AssistantPausedError(self._paused_why, timedelta(seconds=left))
        try:
            with translated(self._pause):
                yield
        except AssistantPausedError as paused:
            # Said once, though several calls may have been on their way.
            if self._paused_until <= time.monotonic():
                log.error("%s; the model is left alone for %s", paused, self._pause)
            self._paused_until = time.monotonic() + self._pause.total_seconds()
            self._paused_why = str(paused)
            raise

    async def _call(
        self, instructions: str, turns: Sequence[Turn], shape: type[AnswerT]
    ) -> tuple[AnswerT | None, Usage]:
        body = self._api.body(self._settings.openai_model, instructions, turns, shape)
        response = await self._client.post(self._api.path, body=body, cast_to=httpx2.Response)
        said = self._api.read(response.content)
        answer = None if said.text is None else shape.model_validate_json(said.text)
        return answer, self._usage(said)

    def _usage(self, said: RawAnswer) -> Usage:
        if said.tokens_in is None or said.tokens_out is None:
            return Usage(said.model)
        price = self._settings.openai_price or price_of(said.model)
        cost = price.of(said.tokens_in, said.tokens_cached or 0, said.tokens_out) if price else None
        return Usage(said.model, 1, said.tokens_in, said.tokens_cached, said.tokens_out, cost)

    @property
    def trouble(self) -> str | None:
        """What the owner has to mend before the model is asked again; None if nothing."""
        return self._paused_why if self._paused_until > time.monotonic() else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
