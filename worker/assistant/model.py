"""One structured call to the model, over the Responses API or chat completions."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, Literal, Protocol, TypeVar

import openai
from openai.types.chat import ChatCompletionMessageParam
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import EasyInputMessageParam, ResponseUsage
from pydantic import BaseModel

from worker.assistant.errors import refusing, translated
from worker.assistant.prices import price_of
from worker.ports import AssistantError, AssistantPausedError, Turn, Usage
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT", bound=BaseModel)

CALL_SECONDS = 45
# Far above the four sentences the prompts ask for: room for models that think first, an end for runaways.
MOST_TOKENS = 4_000


@dataclass(frozen=True)
class Answered(Generic[AnswerT]):
    """The model's answer, and what it took."""

    value: AnswerT
    usage: Usage


class Asker(Protocol):
    """Whatever answers as a model does."""

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> Answered[AnswerT]:
        """As Model.ask."""

    async def transcribe(self, audio: bytes) -> str:
        """As Model.transcribe."""


class Model:
    """Asks; after an empty purse or a refused key it is silent for a while, for all leads at once."""

    def __init__(self, settings: AssistantSettings, *, call_seconds: float = CALL_SECONDS) -> None:
        self._settings = settings
        self._pause = timedelta(seconds=settings.assistant_pause_seconds)
        self._paused_until = 0.0
        self._paused_why = ""
        http_client = (
            openai.DefaultAsyncHttpxClient(proxy=settings.openai_proxy) if settings.openai_proxy else None
        )
        self._client = openai.AsyncOpenAI(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            http_client=http_client,
            timeout=call_seconds,
            # Every retry is the worker's: it is counted, spread, and survives a restart.
            max_retries=0,
        )

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> Answered[AnswerT]:
        """The model's answer in `shape`; the fixed instructions come first, so that providers cache them.

        Raises AssistantError and its kinds.
        """
        began = time.monotonic()
        with self._unless_paused():
            answer, usage = await self._call(instructions, turns, shape)
        if answer is None:
            raise AssistantError("the model refused to answer")
        return Answered(answer, replace(usage, latency_ms=round((time.monotonic() - began) * 1000)))

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
        self, instructions: str, turns: list[Turn], shape: type[AnswerT]
    ) -> tuple[AnswerT | None, Usage]:
        if self._settings.openai_api == "responses":
            response = await self._client.responses.parse(
                model=self._settings.openai_model,
                instructions=instructions,
                input=[EasyInputMessageParam(role=_role(turn), content=turn.text) for turn in turns],
                text_format=shape,
                max_output_tokens=MOST_TOKENS,
                store=False,
            )
            return response.output_parsed, self._responses_usage(response.model, response.usage)
        messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": instructions}]
        for turn in turns:
            if turn.ours:
                messages.append({"role": "assistant", "content": turn.text})
            else:
                messages.append({"role": "user", "content": turn.text})
        completion = await self._client.chat.completions.parse(
            model=self._settings.openai_model,
            messages=messages,
            response_format=shape,
            max_completion_tokens=MOST_TOKENS,
        )
        return completion.choices[0].message.parsed, self._chat_usage(completion.model, completion.usage)

    def _responses_usage(self, model: str, used: ResponseUsage | None) -> Usage:
        if used is None:
            return Usage(model)
        # Compatible servers leave out what they do not count.
        cached = used.input_tokens_details.cached_tokens if used.input_tokens_details else None
        return self._usage(model, used.input_tokens, cached, used.output_tokens)

    def _chat_usage(self, model: str, used: CompletionUsage | None) -> Usage:
        if used is None:
            return Usage(model)
        cached = used.prompt_tokens_details.cached_tokens if used.prompt_tokens_details else None
        return self._usage(model, used.prompt_tokens, cached, used.completion_tokens)

    def _usage(self, model: str, tokens_in: int, cached: int | None, tokens_out: int) -> Usage:
        price = self._settings.openai_price or price_of(model)
        cost = price.of(tokens_in, cached or 0, tokens_out) if price else None
        return Usage(model, 1, tokens_in, cached, tokens_out, cost)

    @property
    def trouble(self) -> str | None:
        """What the owner has to mend before the model is asked again; None if nothing."""
        return self._paused_why if self._paused_until > time.monotonic() else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _role(turn: Turn) -> Literal["assistant", "user"]:
    return "assistant" if turn.ours else "user"
