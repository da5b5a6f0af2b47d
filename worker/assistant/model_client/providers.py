"""The provider of the model, and a second one that answers while the first is out."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from shared.clock import Clock, utc_now
from worker.assistant.model_client.client import AnswerT, ModelAnswer, OpenAIModelClient
from worker.assistant.model_client.provider_failover import Availability
from worker.assistant.output_schemas import GreetingAnswer
from worker.domain.assistant_port import (
    AssistantError,
    AssistantPausedError,
    AssistantUnavailableError,
    Turn,
)
from worker.domain.config.model_servers import FIRST, SECOND, Role, ServerState
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")

RETRY_BASE_SECONDS, RETRY_MAX_SECONDS = 2.0, 300.0
TRIAL_ROUND_SECONDS = 1
_SETTINGS = re.compile(r"\bOPENAI_(?=(?:API_KEY|BASE_URL|MODEL|PROXY|API)\b)")
_TRIAL_INSTRUCTIONS = "Ответь одним словом «да» в поле text, в формате JSON."
_TRIAL = Turn(from_us=False, text="Ты здесь?")


@dataclass
class Provider:
    """A client, its place, and whether it answers."""

    client: OpenAIModelClient
    role: Role
    availability: Availability
    prompt_tokens: int | None = field(default=None)

    def note_prompt(self, tokens: int) -> None:
        """Keep the size of the largest prompt, roughly: it grows with every message of a conversation."""
        if tokens > (self.prompt_tokens or 0) * 1.1:
            self.prompt_tokens = tokens

    def name_error(self, error: AssistantUnavailableError) -> str:
        """Return the error's text with the names of this provider's settings."""
        return _SETTINGS.sub("OPENAI_FALLBACK_", str(error)) if self.role == SECOND else str(error)


class ModelProviders:
    """Implements ModelClient over one or two providers.

    An answer comes from the first provider. If that is out (an outage, a rate limit, no money, a refused
    key or country), the same answer is then asked of the second one. While the first is out, one call at a
    time tries it, after pauses that grow; all others go to the second. No answer is asked of both at once.
    """

    def __init__(
        self,
        first: OpenAIModelClient,
        second: OpenAIModelClient | None = None,
        *,
        clock: Clock = utc_now,
        base: float = RETRY_BASE_SECONDS,
        maximum: float = RETRY_MAX_SECONDS,
    ) -> None:
        self._clock = clock
        self._first = Provider(first, FIRST, Availability(base=base, maximum=maximum))
        self._second = (
            Provider(second, SECOND, Availability(base=base, maximum=maximum)) if second is not None else None
        )
        self._tries_in_background = False

    @property
    def first(self) -> OpenAIModelClient:
        """The client of the first provider."""
        return self._first.client

    @property
    def clients(self) -> Sequence[OpenAIModelClient]:
        """The clients of all configured providers, the first one first."""
        return [provider.client for provider in self._providers]

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Return the answer of the first provider that has one. Raises AssistantError or a subclass."""

        async def call(provider: Provider) -> ModelAnswer[AnswerT]:
            answer = await provider.client.ask(instructions, turns, schema)
            if schema is not GreetingAnswer and answer.usage.calls == 1:
                provider.note_prompt(answer.usage.tokens_in or 0)
            return answer

        return await self._call(call)

    async def transcribe(self, audio: bytes) -> str:
        """Return the transcript of the first provider that has one. Raises AssistantError or a subclass."""
        return await self._call(lambda provider: provider.client.transcribe(audio))

    async def keep_trying(self) -> None:
        """Try the first provider in the background whenever it is out and its pause is over, until cancelled.

        So no person waits for it meanwhile, and its return is noticed also while no person writes.
        """
        self._tries_in_background = True
        try:
            while True:
                await self.try_again()
                await asyncio.sleep(TRIAL_ROUND_SECONDS)
        finally:
            self._tries_in_background = False

    async def try_again(self) -> None:
        """Try the first provider with a small call, if it is out and its pause is over; raises nothing."""
        provider, availability = self._first, self._first.availability
        if self._second is None or not availability.is_due(self._clock()):
            return

        async def call(provider: Provider) -> object:
            return await provider.client.ask(_TRIAL_INSTRUCTIONS, [_TRIAL], GreetingAnswer)

        availability.begin(self._clock())
        try:
            await self._observe(provider, call, is_trial=True)
        except AssistantError as error:
            log.info("the first provider is still tried in vain: %s", error)

    async def close(self) -> None:
        """Close the connections."""
        for provider in self._providers:
            await provider.client.close()

    @property
    def pause_reason(self) -> str | None:
        """What the owner has to fix before calls go on; None while a provider may answer."""
        reason = self._first.client.pause_reason
        if reason is None or self._second is None:
            return reason
        error = self._second.availability.error
        return f"{reason}; {self._second.name_error(error)}" if error is not None else None

    @property
    def trouble(self) -> str | None:
        """What the owner should know: no provider answers, or only the second one does."""
        error = self._first.availability.error
        if self._second is None or error is None:
            return self.pause_reason
        return self.pause_reason or f"the second provider of the model answers: {error}"

    def states(self) -> Sequence[ServerState]:
        """Return what the owner may know about each provider."""
        is_first_out = self._first.availability.out_since is not None
        in_use = SECOND if is_first_out and self._second is not None else FIRST
        return [
            ServerState(
                host=provider.client.host,
                model=provider.client.model,
                role=provider.role,
                wire_form=str(provider.client.form) if provider.client.is_form_proven else None,
                prompt_tokens=provider.prompt_tokens,
                out_since=provider.availability.out_since,
                out_reason=provider.name_error(error) if (error := provider.availability.error) else None,
                in_use=provider.role == in_use,
            )
            for provider in self._providers
        ]

    def restore(self, stored: Iterable[ServerState]) -> None:
        """Begin with what was known before a restart: forms that have worked, an outage of the first."""
        states = {(state.host, state.model): state for state in stored}
        for provider in self._providers:
            state = states.get((provider.client.host, provider.client.model))
            if state is not None and state.wire_form is not None:
                provider.client.restore_form(state.wire_form)
            if state is not None:
                provider.prompt_tokens = state.prompt_tokens
        first = states.get((self.first.host, self.first.model))
        if first is not None and first.out_since is not None and self._second is not None:
            reason = first.out_reason or "the model cannot be reached"
            self._first.availability.restore_outage(first.out_since, reason, self._clock())

    @property
    def _providers(self) -> Sequence[Provider]:
        return [self._first] if self._second is None else [self._first, self._second]

    async def _call(self, call: Callable[[Provider], Awaitable[ResultT]]) -> ResultT:
        first, second = self._first, self._second
        if second is None:
            # Without another provider the caller decides when to try again.
            first.availability.begin_anyway()
            return await self._observe(first, call)
        is_out = first.availability.out_since is not None
        if is_out and (self._tries_in_background or not first.availability.begin(self._clock())):
            return await self._call_second(second, call)
        try:
            return await self._observe(first, call)
        except AssistantUnavailableError as error:
            if not is_out and first.availability.error is error:
                log.warning("%s; the second provider answers: %s", error, second.client.host)
            return await self._call_second(second, call, instead_of=error)

    async def _call_second(
        self,
        second: Provider,
        call: Callable[[Provider], Awaitable[ResultT]],
        *,
        instead_of: AssistantUnavailableError | None = None,
    ) -> ResultT:
        second.availability.begin_anyway()
        try:
            return await self._observe(second, call)
        except AssistantUnavailableError as error:
            first_error = instead_of or self._first.availability.error
            if first_error is None:
                raise
            raise self._both_out(first_error, error) from error

    async def _observe(
        self,
        provider: Provider,
        call: Callable[[Provider], Awaitable[ResultT]],
        *,
        is_trial: bool = False,
    ) -> ResultT:
        """Make a call and record whether the provider answers."""
        availability = provider.availability
        try:
            result = await call(provider)
        except AssistantUnavailableError as error:
            availability.failed(error, self._clock())
            raise
        except AssistantError:
            # It answers, if only with something that is of no use.
            self._on_answer(provider, is_trial=is_trial)
            raise
        except BaseException:
            availability.abandoned()
            raise
        self._on_answer(provider, is_trial=is_trial)
        return result

    def _on_answer(self, provider: Provider, *, is_trial: bool) -> None:
        if provider.availability.out_since is not None and self._second is not None:
            log.info("the %s provider of the model is back: %s", provider.role, provider.client.host)
        provider.availability.succeeded(is_trial=is_trial)

    def _both_out(
        self, first: AssistantUnavailableError, second: AssistantUnavailableError
    ) -> AssistantUnavailableError:
        """Return one error for both: only if the owner has to act for both, everything is paused."""
        said = [str(first), f"{_SETTINGS.sub('OPENAI_FALLBACK_', str(second))} (the second provider)"]
        wait = _shorter(first.wait and self._first.availability.remaining(self._clock()), second.wait)
        if isinstance(first, AssistantPausedError) and isinstance(second, AssistantPausedError):
            wide = first.provider_wide and second.provider_wide
            return AssistantPausedError("; ".join(said), wait, fault=first.fault, provider_wide=wide)
        if isinstance(first, AssistantPausedError):
            said.reverse()
        return AssistantUnavailableError(
            "; ".join(said),
            wait,
            provider_wide=first.provider_wide and second.provider_wide,
            slow=first.slow and second.slow,
        )


def _shorter(first: timedelta | None, second: timedelta | None) -> timedelta | None:
    """Return the shorter wait if both ask for one; None: the worker's own pause."""
    return min(first, second) if first and second else None


def build_model(
    settings: AssistantSettings,
    *,
    clock: Clock = utc_now,
    seconds: Callable[[], float] = time.monotonic,
    base: float = RETRY_BASE_SECONDS,
    maximum: float = RETRY_MAX_SECONDS,
) -> ModelProviders:
    """Return the providers of the settings.

    `seconds`: a clock that never goes back. `base`, `maximum`: the pauses between trials, seconds.
    """
    second = settings.second_provider
    return ModelProviders(
        OpenAIModelClient(settings, clock=seconds),
        OpenAIModelClient(second, clock=seconds) if second is not None else None,
        clock=clock,
        base=base,
        maximum=maximum,
    )
