"""Client of the model: structured calls in the form that the server accepts, and transcription."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import httpx2
import openai
from pydantic import BaseModel

from worker.assistant.cleaning import clean_count, clean_text
from worker.assistant.failures.error_classes import FailureKind
from worker.assistant.failures.errors import FailedCallError, failure_of, names_output_limit, translate_errors
from worker.assistant.model_client import wire_forms
from worker.assistant.model_client.answer_reader import IncompleteAnswerError, read_answer
from worker.assistant.model_client.api_formats import (
    MAX_OUTPUT_TOKENS,
    MAX_THINKING_TOKENS,
    PATHS,
    build_body,
    output_limit,
    smaller_limit,
)
from worker.assistant.model_client.api_responses import (
    EmptyAnswerError,
    ErrorBodyError,
    RawAnswer,
    UnfinishedThoughtError,
    parse_answer,
    parse_transcript,
)
from worker.assistant.model_client.pauses import ClientPause
from worker.assistant.model_client.prices import find_price
from worker.assistant.model_client.wire_forms import WireForm, first_form
from worker.domain.assistant_port import AssistantError, Turn, Usage
from worker.domain.config.model_servers import OPENAI_HOST, host_of
from worker.settings import AssistantSettings

log = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT", bound=BaseModel)

CONNECT_SECONDS = 15
# The pool checks every idle connection each time it takes one: many idle connections slow down every call.
CONNECTION_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=16)
# After so many answers without JSON in a row, the server is taken to ignore the form of the request.
_IGNORED_FORM = 2
_ASK_AGAIN = (
    "В твоём ответе нет поля `{field}` или его значение не подходит. Верни весь JSON ещё раз, полностью."
)


@dataclass(frozen=True)
class ModelAnswer(Generic[AnswerT]):
    """The parsed answer of the model, its usage, and who answered: the host and the model."""

    value: AnswerT
    usage: Usage
    server: tuple[str, str] | None = None


class ModelClient(Protocol):
    """What ModelAssistant needs of a client; raises AssistantError or a subclass."""

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Return the model's answer in the given schema."""

    async def transcribe(self, audio: bytes) -> str:
        """Return the words of a voice or video message."""


class OpenAIModelClient:
    """Calls an OpenAI-compatible API.

    After an error that only the owner can fix (no money, refused key), all calls fail for
    ASSISTANT_PAUSE_SECONDS without a request. With OPENAI_API=auto, the form of the requests is the first one
    that the server accepts; it is kept until the server refuses it.
    """

    def __init__(
        self,
        settings: AssistantSettings,
        *,
        call_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self.host, self.model = host_of(settings.openai_base_url), settings.openai_model
        self._key = settings.openai_api_key.get_secret_value()
        self._form = first_form(settings.openai_api, settings.openai_base_url)
        self._finding = asyncio.Lock()
        # The most tokens that an answer may have, and that a server may allow.
        self.output_limit = output_limit(settings.openai_model)
        self._largest_limit = MAX_THINKING_TOKENS
        self._malformed = 0
        self._readable: set[WireForm] = set()
        # Unknown errors are no longer put down to the form: it has worked, or no form does.
        self._is_proven = False
        self._pause = ClientPause(timedelta(seconds=settings.assistant_pause_seconds), clock)
        proxy = settings.openai_proxy
        http_client = openai.DefaultAsyncHttpxClient(proxy=proxy, limits=CONNECTION_LIMITS, max_redirects=2)
        self._seconds = settings.openai_timeout_seconds if call_seconds is None else call_seconds
        self._client = openai.AsyncOpenAI(
            api_key=self._key,
            # Always given: without it the SDK takes OPENAI_BASE_URL from the environment, also an empty one.
            base_url=settings.openai_base_url or f"https://{OPENAI_HOST}/v1",
            http_client=http_client,
            timeout=httpx2.Timeout(self._seconds, connect=min(self._seconds, CONNECT_SECONDS)),
            # The worker does all retries: it counts them, spreads them and continues after a restart.
            max_retries=0,
        )

    @property
    def base_url(self) -> str:
        """The address that is called."""
        return str(self._client.base_url)

    @property
    def form(self) -> WireForm:
        """The form in which requests are written now."""
        return self._form

    @property
    def is_form_proven(self) -> bool:
        """True if a usable answer has come in the current form."""
        return self._form in self._readable

    def restore_form(self, stored: str) -> None:
        """Begin with a form that has worked before; with OPENAI_API=auto only."""
        form = wire_forms.parse_form(stored)
        if form is not None and self._settings.openai_api == "auto":
            self._form = form

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Return the model's answer in `schema`. Raises AssistantError or a subclass.

        The constant instructions come first: providers cache them. A missing intent is asked for once more.
        """
        started = time.monotonic()
        raw = await self._call(instructions, turns, schema)
        usage = self._usage(raw)
        try:
            answer = self._read(raw, schema)
        except IncompleteAnswerError as incomplete:
            log.warning("%s; the model is asked once more", incomplete)
            asked = Turn(from_us=False, text=_ASK_AGAIN.format(field=incomplete.field))
            again = [*turns, Turn(from_us=True, text=clean_text(raw.text)), asked]
            raw = await self._call(instructions, again, schema)
            usage, answer = usage + self._usage(raw), self._read(raw, schema)
        latency = clean_count((time.monotonic() - started) * 1000) or 0
        return ModelAnswer(answer, replace(usage, latency_ms=latency), (self.host, self.model))

    async def transcribe(self, audio: bytes) -> str:
        """Return the transcript by TRANSCRIBE_MODEL. Raises AssistantError or a subclass."""
        model = self._settings.transcribe_model
        if model is None:
            raise AssistantError("TRANSCRIBE_MODEL: is not set")
        # Servers tell the format by the file name. Telegram's voice messages are Ogg, video messages MP4.
        name = "voice.ogg" if audio.startswith(b"OggS") else "voice.mp4"
        api = self._client.audio.transcriptions.with_raw_response
        with self._pause.guard(optional="TRANSCRIBE_MODEL"):
            async with translate_errors(self._seconds, self._key):
                response = await api.create(file=(name, audio), model=model)
        return clean_text(parse_transcript(response.content))

    async def _call(self, instructions: str, turns: Sequence[Turn], schema: type[AnswerT]) -> RawAnswer:
        """Call in the current form; with OPENAI_API=auto, find another one if the server refuses it."""
        form = self._form
        with self._pause.guard():
            try:
                return await self._post(form, instructions, turns, schema)
            except FailedCallError as failed:
                if not self._may_try_other_form(failed):
                    raise
                return await self._find_form(form, failed, instructions, turns, schema)

    async def _find_form(
        self,
        refused: WireForm,
        failed: FailedCallError,
        instructions: str,
        turns: Sequence[Turn],
        schema: type[AnswerT],
    ) -> RawAnswer:
        """Call in one form after the other; the first that works is kept. Calls meanwhile wait for it."""
        async with self._finding:
            tried, form = {refused}, self._form
            if form == refused:
                # A form that stopped working: the best one may work again.
                form = first_form("auto", self._settings.openai_base_url)
            while True:
                if form in tried:
                    following = wire_forms.next_form(form, failed.failure.body.words, tried)
                    if following is None:
                        self._is_proven = True
                        raise failed
                    form = following
                tried.add(form)
                try:
                    answer = await self._post(form, instructions, turns, schema)
                except FailedCallError as error:
                    if not self._may_try_other_form(error):
                        raise
                    failed = error
                else:
                    log.info("the model's server accepts: %s", form)
                    self._form = form
                    return answer

    def _may_try_other_form(self, failed: FailedCallError) -> bool:
        """Return True if the form may be the cause; an unknown error may be, before the first success."""
        kind, is_auto = failed.failure.kind, self._settings.openai_api == "auto"
        return is_auto and (
            kind is FailureKind.WIRE_FORM or (kind is FailureKind.LEAD and not self._is_proven)
        )

    async def _post(
        self, form: WireForm, instructions: str, turns: Sequence[Turn], schema: type[AnswerT]
    ) -> RawAnswer:
        """Make one request; further ones with smaller output limits if the server refuses the limit."""
        limit = self.output_limit
        while True:
            try:
                return await self._request(form, instructions, turns, schema, limit)
            except FailedCallError as failed:
                if (smaller := smaller_limit(limit)) is None or not names_output_limit(failed.failure):
                    raise
                log.info("the server allows no answer of %s tokens", limit)
                limit = smaller
                # A long conversation leaves less of the context: that is no limit for others.
                if limit == MAX_OUTPUT_TOKENS or "context" not in failed.failure.body.words:
                    self.output_limit = self._largest_limit = limit

    async def _request(
        self, form: WireForm, instructions: str, turns: Sequence[Turn], schema: type[AnswerT], limit: int
    ) -> RawAnswer:
        """Make one request. Raises FailedCallError; AssistantError for an answer without a text."""
        body = build_body(form, self._settings.openai_model, instructions, turns, schema, limit=limit)
        async with translate_errors(self._seconds, self._key):
            response = await self._client.post(PATHS[form.api], body=body, cast_to=httpx2.Response)
        try:
            answer = parse_answer(form.api, response.content)
        except EmptyAnswerError as empty:
            if isinstance(empty, UnfinishedThoughtError) and limit < self._largest_limit:
                self.output_limit = self._largest_limit
            else:
                self._on_ignored_form(form)
            raise
        except ErrorBodyError as error:
            raise FailedCallError(failure_of(response.status_code, error.body)) from error
        self._is_proven = True
        self._pause.succeeded()
        return answer

    def _read(self, raw: RawAnswer, schema: type[AnswerT]) -> AnswerT:
        """Return the answer; learns from answers that were cut off or ignore the form of the request."""
        form = self._form
        try:
            answer = read_answer(raw.text, schema, is_cut=raw.is_cut)
        except IncompleteAnswerError:
            raise
        except AssistantError:
            if raw.is_cut and "{" not in raw.text:
                self.output_limit = self._largest_limit
            if not raw.is_cut or raw.is_runaway:
                self._on_ignored_form(form)
            raise
        self._readable.add(form)
        return answer

    def _on_ignored_form(self, form: WireForm) -> None:
        """Use a simpler form if the server accepts this one, but the model has never answered in it."""
        self._malformed += 1
        if self._settings.openai_api != "auto" or form in self._readable or self._malformed < _IGNORED_FORM:
            return
        self._malformed = 0
        self._form = wire_forms.simpler_output(form) or first_form("auto", self._settings.openai_base_url)

    def _usage(self, raw: RawAnswer) -> Usage:
        model = raw.model or self._settings.openai_model
        if raw.tokens_in is None or raw.tokens_out is None:
            return Usage(model)
        price = self._settings.openai_price or find_price(model)
        cost = price.of(raw.tokens_in, raw.tokens_cached or 0, raw.tokens_out) if price else None
        return Usage(model, 1, raw.tokens_in, raw.tokens_cached, raw.tokens_out, cost)

    @property
    def pause_reason(self) -> str | None:
        """What the owner has to fix before calls go on; None if the client is not paused."""
        return self._pause.reason

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
