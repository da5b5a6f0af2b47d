"""Calls of a scheduler's API, by the standard library in a thread: both processes make a few in an hour."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from shared.bookings import changes
from shared.errors import LeadAssistantError

TIMEOUT_SECONDS = 15.0
_MAX_ANSWER = 10 * 1024 * 1024
# A larger number is the time at which the limit ends, not the seconds until then.
_LONGEST_WAIT = 24 * 3600


class SchedulerError(LeadAssistantError):
    """A scheduler refused a call, or was not reached; `status` is None if it was not reached."""

    def __init__(self, text: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class HttpApi:
    """Calls with one token. `name`: of the scheduler, for errors; `headers`: what each call carries too."""

    name: str
    base_url: str
    token: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: object = None) -> object:
        """Return the JSON of an answer; raises SchedulerError."""
        return await asyncio.to_thread(self._call_now, method, path, body)

    def _call_now(self, method: str, path: str, body: object) -> object:
        # The path only: a URI in an answer must not lead the token to another host.
        request = Request(f"{self.base_url.rstrip('/')}{path}", method=method)  # noqa: S310 - http and https, by the setting
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        for name, value in self.headers.items():
            request.add_header(name, value)
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(request, data, TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
                content = answer.read(_MAX_ANSWER)
        except HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise SchedulerError(f"{self.name} is not reached: {reason}") from None
        try:
            return json.loads(content) if content.strip() else {}
        except ValueError:
            raise SchedulerError(f"{self.name}'s answer is not JSON") from None

    def _refused(self, error: HTTPError) -> SchedulerError:
        try:
            answer = json.loads(error.read(10_000))
        except (ValueError, OSError):
            answer = {}
        texts = (changes.text(answer, "message"), changes.text(answer, "title"))
        text = next((one for one in (*texts, changes.text(answer, "error", "message")) if one), error.reason)
        return SchedulerError(f"{self.name} answers {error.code}: {text}", error.code, _wait(error))


def _wait(error: HTTPError) -> float | None:
    """Return for how many seconds to wait. Cal.com's headers end with the name of the limit."""
    names = ("retry-after", "retry-after-default", "x-ratelimit-reset", "x-ratelimit-reset-default")
    given = (error.headers.get(name) for name in names)
    seconds = next((float(one) for one in given if one and one.strip().isdigit()), None)
    if seconds is None or seconds <= _LONGEST_WAIT:
        return seconds
    # In seconds or in milliseconds.
    until = seconds / 1000 if seconds > 100_000_000_000 else seconds
    return min(max(0.0, until - time.time()), _LONGEST_WAIT)
