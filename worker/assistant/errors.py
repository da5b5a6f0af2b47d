"""The OpenAI SDK's errors in the worker's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import openai
from pydantic import ValidationError

from worker.domain.assistant_port import AssistantError, AssistantPausedError, AssistantUnavailableError

# A 429 with one of these is an empty purse, not a rate limit: waiting does not fill it.
_NO_MONEY = frozenset({"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"})


@contextmanager
def translated(pause: timedelta) -> Iterator[None]:
    """Raise the port's errors in place of the SDK's; `pause` is for what only the owner can mend."""
    try:
        yield
    except openai.APIError as error:
        raise _translate(error, pause) from error
    except ValidationError as error:
        raise AssistantError("the model's answer was malformed or cut off") from error


@contextmanager
def refusing(setting: str) -> Iterator[None]:
    """For a call that the rest can do without: a model that is not there or not allowed pauses nothing."""
    try:
        yield
    except (openai.NotFoundError, openai.PermissionDeniedError) as error:
        raise AssistantError(f"{setting}: refused by the model's API: {type(error).__name__}") from error


def _translate(error: openai.APIError, pause: timedelta) -> AssistantError:
    match error:
        case openai.RateLimitError() if error.code in _NO_MONEY:
            return AssistantPausedError(
                f"OPENAI_API_KEY: the account has no money left ({error.code})", pause
            )
        case openai.RateLimitError():
            limited = "the model's rate limit is reached"
            return AssistantUnavailableError(limited, _retry_after(error), for_everybody=True)
        case openai.AuthenticationError():
            return AssistantPausedError("OPENAI_API_KEY: the key is refused", pause)
        case openai.PermissionDeniedError():
            said = "the model's API refuses this key or this country: see OPENAI_PROXY and OPENAI_BASE_URL"
            return AssistantPausedError(said, pause)
        case openai.NotFoundError():
            return AssistantPausedError("OPENAI_MODEL or OPENAI_BASE_URL: there is no such model", pause)
        case openai.APIConnectionError() | openai.InternalServerError():
            return AssistantUnavailableError(f"the model cannot be reached: {type(error).__name__}")
        case _:
            return AssistantError(f"the model refused the request: {type(error).__name__}")


def _retry_after(error: openai.APIStatusError) -> timedelta | None:
    try:
        return timedelta(seconds=min(float(error.response.headers["retry-after"]), 3600))
    except (KeyError, ValueError):
        return None
