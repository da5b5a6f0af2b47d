"""Translates the errors of the OpenAI SDK to those of the assistant port."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import openai
from pydantic import ValidationError

from worker.domain.assistant_port import AssistantError, AssistantPausedError, AssistantUnavailableError

# A 429 with one of these codes is not a rate limit: the account has no money, so waiting does not help.
_OUT_OF_CREDIT = frozenset({"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"})


@contextmanager
def translate_errors(pause: timedelta) -> Iterator[None]:
    """Raise the port's errors in place of the SDK's; `pause` is how long to stop if the owner has to act."""
    try:
        yield
    except openai.APIError as error:
        raise _translate(error, pause) from error
    except ValidationError as error:
        raise AssistantError("the model's answer was malformed or cut off") from error


@contextmanager
def translate_refusal(setting: str) -> Iterator[None]:
    """Raise AssistantError, which pauses nothing, if an optional model is unknown or forbidden.

    `setting` is the setting that names the model.
    """
    try:
        yield
    except (openai.NotFoundError, openai.PermissionDeniedError) as error:
        raise AssistantError(f"{setting}: refused by the model's API: {type(error).__name__}") from error


def _translate(error: openai.APIError, pause: timedelta) -> AssistantError:
    match error:
        case openai.RateLimitError() if error.code in _OUT_OF_CREDIT:
            return AssistantPausedError(
                f"OPENAI_API_KEY: the account has no money left ({error.code})", pause
            )
        case openai.RateLimitError():
            limited = "the model's rate limit is reached"
            return AssistantUnavailableError(limited, _retry_after(error), provider_wide=True)
        case openai.AuthenticationError():
            return AssistantPausedError("OPENAI_API_KEY: the key is refused", pause)
        case openai.PermissionDeniedError():
            refused = "the model's API refuses this key or this country: see OPENAI_PROXY and OPENAI_BASE_URL"
            return AssistantPausedError(refused, pause)
        case openai.NotFoundError():
            return AssistantPausedError("OPENAI_MODEL or OPENAI_BASE_URL: there is no such model", pause)
        case openai.APIConnectionError() | openai.InternalServerError():
            return AssistantUnavailableError(f"the model cannot be reached: {type(error).__name__}")
        case _:
            return AssistantError(f"the model refused the request: {type(error).__name__}")


def _retry_after(error: openai.APIStatusError) -> timedelta | None:
    """Return the pause of the Retry-After header, at most one hour; None without a usable header."""
    try:
        return timedelta(seconds=min(float(error.response.headers["retry-after"]), 3600))
    except (KeyError, ValueError):
        return None
