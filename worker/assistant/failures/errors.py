"""Translates failed calls of the OpenAI SDK to the errors of the assistant port."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import httpx2
import openai

from worker.assistant.failures import error_words
from worker.assistant.failures.error_bodies import ErrorBody, read_error
from worker.assistant.failures.error_classes import FailureKind, classify, is_vague
from worker.assistant.failures.retry_after import parse_wait
from worker.domain.assistant_port import (
    AccountFault,
    AssistantError,
    AssistantPausedError,
    AssistantRefusedError,
    AssistantRejectedError,
    AssistantUnavailableError,
)

_PAUSES: Mapping[FailureKind, tuple[AccountFault, str]] = MappingProxyType(
    {
        FailureKind.MONEY: (AccountFault.MONEY, "OPENAI_API_KEY: the account has no money left"),
        FailureKind.KEY: (AccountFault.KEY, "OPENAI_API_KEY: the key is refused"),
        FailureKind.COUNTRY: (
            AccountFault.COUNTRY,
            "the model's API refuses this key or this country: see OPENAI_PROXY and OPENAI_BASE_URL",
        ),
        FailureKind.MODEL: (AccountFault.MODEL, "OPENAI_MODEL or OPENAI_BASE_URL: there is no such model"),
        FailureKind.WIRE_FORM: (
            AccountFault.WIRE_FORM,
            "OPENAI_API: the server does not accept this form of request",
        ),
    }
)
# The SDK's error comes first: it tells a connection that cannot be made from a slow answer.
_MORE_SECONDS = 0.5
# Three people's requests were refused in a row: it is not what they wrote.
_SET_UP = "OPENAI_MODEL: the set-up of the model is at fault, everybody's requests are refused"
_NO_ADDRESS = "OPENAI_MODEL or OPENAI_BASE_URL: the server knows no such address or model"
_PAGE = "the model cannot be reached: OPENAI_BASE_URL answers with a web page"


@dataclass(frozen=True)
class Failure:
    """A failed call: its kind, what the provider said, and the pause that it asked for.

    `is_vague`: the account's kind is only a guess; one person's messages may be the cause.
    """

    kind: FailureKind
    status: int
    body: ErrorBody
    wait: timedelta | None = None
    is_vague: bool = False

    def describe(self) -> str:
        """Return one line for the log, the lead, the doctor and the owner."""
        return f"{self._summary()} ({self.body.sentence})" if self.body.sentence else self._summary()

    def _summary(self) -> str:
        if self.kind is FailureKind.WIRE_FORM and self.status == 404:
            return _NO_ADDRESS
        if self.kind in _PAUSES:
            return _PAUSES[self.kind][1]
        if self.body.is_page and self.kind is FailureKind.OUTAGE:
            return _PAGE
        match self.kind:
            case FailureKind.INPUT:
                return "the model's provider refuses these messages"
            case FailureKind.RATE:
                return "the model's rate limit is reached"
            case FailureKind.SLOW:
                return "the model did not answer in time"
            case FailureKind.OUTAGE:
                if 0 < self.status < 400:
                    return "the model's server answered with an error"
                return f"the model cannot be reached: {self.status or 'no connection'}"
            case _:
                return f"the model refused the request: {self.status}"

    def to_error(self, pause: timedelta) -> AssistantError:
        """Return the port's error; `pause` is how long to stop if the owner has to act."""
        if self.kind in _PAUSES:
            return AssistantPausedError(self.describe(), pause, fault=_PAUSES[self.kind][0])
        match self.kind:
            case FailureKind.INPUT:
                return AssistantRefusedError(self.describe())
            case FailureKind.RATE:
                return AssistantUnavailableError(self.describe(), self.wait, provider_wide=True)
            case FailureKind.OUTAGE:
                return AssistantUnavailableError(self.describe(), self.wait)
            case FailureKind.SLOW:
                return AssistantUnavailableError(self.describe(), self.wait, slow=True)
            case _:
                return AssistantRejectedError(self.describe())

    def to_shared_error(self, pause: timedelta, *, provider_wide: bool) -> AssistantPausedError:
        """Return the error if several leads got this failure; others may try unless it is `provider_wide`."""
        fault, said = _PAUSES.get(self.kind, (AccountFault.MODEL, _SET_UP))
        said = f"{said} ({self.body.sentence or self.status})"
        # Without a wait of its own the lead's pause grows from try to try.
        return AssistantPausedError(
            said, pause if provider_wide else None, fault=fault, provider_wide=provider_wide
        )

    def to_own_error(self) -> AssistantUnavailableError:
        """Return the error while only this lead got a refusal that may be the account's."""
        said = self.body.sentence or "no reason is told"
        return AssistantUnavailableError(f"the model refused the request: {self.status} ({said})")


class FailedCallError(Exception):
    """A call failed; the client decides if another form of request may succeed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.describe())
        self.failure = failure


def read_failure(
    status: int, headers: Mapping[str, str], body: bytes | str, now: datetime, *, secret: str = ""
) -> Failure:
    """Read a failed answer. `headers` have lower-case names; `secret` is the key, which must not be shown."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if len(secret) > 3:
        text = text.replace(secret, "…")
    error = read_error(text)
    wait = parse_wait(headers, [error.words], now)
    return failure_of(status, error, wait)


def failure_of(status: int, body: ErrorBody, wait: timedelta | None = None) -> Failure:
    """Return the failure of an answer with this HTTP status and error body."""
    kind = classify(status, body, asks_to_wait=wait is not None)
    status = (body.code if status < 400 else None) or status
    return Failure(kind, status, body, wait, is_vague(kind, status, body.words))


def names_output_limit(failure: Failure) -> bool:
    """Return True if the server refuses the longest answer that was asked for, not the messages."""
    may_be = failure.kind in {FailureKind.INPUT, FailureKind.LEAD, FailureKind.WIRE_FORM}
    return may_be and error_words.OUTPUT_LIMIT.search(failure.body.words) is not None


@asynccontextmanager
async def translate_errors(seconds: float, secret: str = "") -> AsyncIterator[None]:
    """Raise FailedCallError in place of the SDK's errors, and if the call takes longer than `seconds`.

    The SDK's own limit begins again with each byte: some servers send spaces while the model is at work.
    """
    try:
        async with asyncio.timeout(seconds + _MORE_SECONDS):
            yield
    except openai.APIStatusError as error:
        answer = error.response
        headers = {name.lower(): value for name, value in answer.headers.items()}
        failure = read_failure(
            answer.status_code, headers, _content(answer), datetime.now(UTC), secret=secret
        )
        raise FailedCallError(failure) from error
    except TimeoutError as error:
        slow = Failure(FailureKind.SLOW, 0, ErrorBody(sentence=type(error).__name__))
        raise FailedCallError(slow) from error
    except openai.APITimeoutError as error:
        raise FailedCallError(_no_answer(error, FailureKind.SLOW)) from error
    except openai.APIError as error:
        raise FailedCallError(_no_answer(error, FailureKind.OUTAGE)) from error


def _content(answer: httpx2.Response) -> bytes:
    try:
        return answer.content
    except httpx2.ResponseNotRead:
        return b""


def _no_answer(error: openai.APIError, kind: FailureKind) -> Failure:
    """Return the failure of a call without an answer; a connection that cannot be made is an outage."""
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        kind = FailureKind.OUTAGE
    name = type(cause if cause is not None else error).__name__
    return Failure(kind, 0, ErrorBody(sentence=name))
