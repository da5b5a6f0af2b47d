"""Client of the model: structured calls over the Responses or the Chat Completions API, and transcription."""

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
from worker.assistant.errors import translate_errors, translate_refusal
from worker.assistant.prices import find_price
from worker.domain.assistant_port import AssistantError, AssistantPausedError, Turn, Usage
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT", bound=BaseModel)

CALL_TIMEOUT_SECONDS = 45
# The pool checks every idle connection each time it takes one: many idle connections slow down every call.
CONNECTION_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=16)


@dataclass(frozen=True)
class ModelAnswer(Generic[AnswerT]):
    """The parsed answer of the model, and its usage."""

    value: AnswerT
    usage: Usage


class ModelClient(Protocol):
    """What ModelAssistant needs of a client; raises AssistantError or a subclass."""

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Return the model's answer in the given schema."""

    async def transcribe(self, audio: bytes) -> str:
        """Return the words of a voice or video message."""


class OpenAIModelClient:
    """Calls the OpenAI API.

    After an error that only the owner can fix (no money, refused key), all calls fail for
    ASSISTANT_PAUSE_SECONDS without a request.
    """

    def __init__(self, settings: AssistantSettings, *, call_seconds: float = CALL_TIMEOUT_SECONDS) -> None:
        self._settings = settings
        self._api = APIS[settings.openai_api]
        self._pause = timedelta(seconds=settings.assistant_pause_seconds)
        self._paused_until = 0.0
        self._pause_reason = ""
        http_client = openai.DefaultAsyncHttpxClient(proxy=settings.openai_proxy, limits=CONNECTION_LIMITS)
        self._client = openai.AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            http_client=http_client,
            timeout=call_seconds,
            # The worker does all retries: it counts them, spreads them and continues after a restart.
            max_retries=0,
        )

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Return the model's answer in `schema`. Raises AssistantError or a subclass.

        The constant instructions come first in the request, so that providers cache them.
        """
        started = time.monotonic()
        with self._unless_paused():
            answer, usage = await self._call(instructions, turns, schema)
        if answer is None:
            raise AssistantError("the model refused to answer")
        return ModelAnswer(answer, replace(usage, latency_ms=round((time.monotonic() - started) * 1000)))

    async def transcribe(self, audio: bytes) -> str:
        """Return the transcript by TRANSCRIBE_MODEL. Raises AssistantError or a subclass."""
        model = self._settings.transcribe_model
        if model is None:
            raise AssistantError("TRANSCRIBE_MODEL: is not set")
        # Servers tell the format by the file name. Telegram's voice messages are Ogg, video messages MP4.
        name = "voice.ogg" if audio.startswith(b"OggS") else "voice.mp4"
        with self._unless_paused(), translate_refusal("TRANSCRIBE_MODEL"):
            transcription = await self._client.audio.transcriptions.create(file=(name, audio), model=model)
        return transcription.text

    @contextmanager
    def _unless_paused(self) -> Iterator[None]:
        """Wrap a call to the API. Raises AssistantPausedError without a call during a pause."""
        remaining = self._paused_until - time.monotonic()
        if remaining > 0:
            raise AssistantPausedError(self._pause_reason, timedelta(seconds=remaining))
        try:
            with translate_errors(self._pause):
                yield
        except AssistantPausedError as paused:
            # Log once: several concurrent calls may fail with the same error.
            if self._paused_until <= time.monotonic():
                log.error("%s; the model is left alone for %s", paused, self._pause)
            self._paused_until = time.monotonic() + self._pause.total_seconds()
            self._pause_reason = str(paused)
            raise

    async def _call(
        self, instructions: str, turns: Sequence[Turn], schema: type[AnswerT]
    ) -> tuple[AnswerT | None, Usage]:
        body = self._api.build_body(self._settings.openai_model, instructions, turns, schema)
        response = await self._client.post(self._api.path, body=body, cast_to=httpx2.Response)
        raw = self._api.parse(response.content)
        answer = None if raw.text is None else schema.model_validate_json(raw.text)
        return answer, self._usage(raw)

    def _usage(self, raw: RawAnswer) -> Usage:
        if raw.tokens_in is None or raw.tokens_out is None:
            return Usage(raw.model)
        price = self._settings.openai_price or find_price(raw.model)
        cost = price.of(raw.tokens_in, raw.tokens_cached or 0, raw.tokens_out) if price else None
        return Usage(raw.model, 1, raw.tokens_in, raw.tokens_cached, raw.tokens_out, cost)

    @property
    def pause_reason(self) -> str | None:
        """What the owner has to fix before calls go on; None if the client is not paused."""
        return self._pause_reason if self._paused_until > time.monotonic() else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
