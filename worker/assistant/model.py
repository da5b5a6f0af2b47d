"""One structured call to the model, over the Responses API or chat completions."""

import logging
import time
from datetime import timedelta
from typing import Literal, TypeVar

import openai
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import EasyInputMessageParam
from pydantic import BaseModel

from worker.assistant.errors import translated
from worker.ports import AssistantError, AssistantPausedError, Turn
from worker.settings import WorkerSettings

log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT", bound=BaseModel)

CALL_SECONDS = 45
# Far above the four sentences the prompts ask for: room for models that think first, an end for runaways.
MOST_TOKENS = 4_000


class Model:
    """Asks; after an empty purse or a refused key it is silent for a while, for all leads at once."""

    def __init__(self, settings: WorkerSettings, *, call_seconds: float = CALL_SECONDS) -> None:
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

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> AnswerT:
        """The model's answer in `shape`; the fixed instructions come first, so that providers cache them.

        Raises AssistantError and its kinds.
        """
        left = self._paused_until - time.monotonic()
        if left > 0:
            raise AssistantPausedError(self._paused_why, timedelta(seconds=left))
        try:
            with translated(self._pause):
                answer = await self._call(instructions, turns, shape)
        except AssistantPausedError as paused:
            # Said once, though several calls may have been on their way.
            if self._paused_until <= time.monotonic():
                log.error("%s; the model is left alone for %s", paused, self._pause)
            self._paused_until = time.monotonic() + self._pause.total_seconds()
            self._paused_why = str(paused)
            raise
        if answer is None:
            raise AssistantError("the model refused to answer")
        return answer

    async def _call(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> AnswerT | None:
        if self._settings.openai_api == "responses":
            response = await self._client.responses.parse(
                model=self._settings.openai_model,
                instructions=instructions,
                input=[EasyInputMessageParam(role=_role(turn), content=turn.text) for turn in turns],
                text_format=shape,
                max_output_tokens=MOST_TOKENS,
                store=False,
            )
            return response.output_parsed
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
        return completion.choices[0].message.parsed

    @property
    def trouble(self) -> str | None:
        """What the owner has to mend before the model is asked again; None if nothing."""
        return self._paused_why if self._paused_until > time.monotonic() else None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _role(turn: Turn) -> Literal["assistant", "user"]:
    return "assistant" if turn.ours else "user"
