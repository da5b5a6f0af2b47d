"""A client of Calendly's API, as far as bookings and webhooks need it: https://developer.calendly.com/api-docs.

It uses the standard library only, in a thread: both processes call it, a few times an hour.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from shared.bookings import changes
from shared.errors import LeadAssistantError
from shared.settings import SharedSettings

TIMEOUT_SECONDS = 15.0
_PAGE = 100
# No more than 6,000 events in 60 days: a page token that repeats for ever ends here.
_MAX_PAGES = 60
_MAX_ANSWER = 10 * 1024 * 1024


class CalendlyError(LeadAssistantError):
    """Calendly refused a call, or was not reached; `status` is None if it was not reached."""

    def __init__(self, text: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True)
class CalendlyApi:
    """Calls with one personal access token."""

    base_url: str
    token: str

    async def me(self) -> tuple[str, str]:
        """Return the URIs of the token's user and organization."""
        answer = await self._call("GET", "/users/me")
        user = changes.text(answer, "resource", "uri")
        organization = changes.text(answer, "resource", "current_organization")
        if user is None or organization is None:
            raise CalendlyError("Calendly's answer names no user")
        return user, organization

    async def events(self, user: str, since: datetime, until: datetime) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the scheduled events of a user that begin in a span of time, cancelled ones too."""
        query = {"user": user, "min_start_time": since.isoformat(), "max_start_time": until.isoformat()}
        async for event in self._collection("/scheduled_events", query):
            yield event

    async def event(self, uri: str) -> Mapping[str, Any] | None:
        """Return a scheduled event; None if there is none any more."""
        try:
            answer = await self._call("GET", urlsplit(uri).path)
        except CalendlyError as error:
            if error.status == 404:
                return None
            raise
        found = changes.part(answer, "resource")
        return found if isinstance(found, Mapping) else None

    async def invitees(self, event_uri: str) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the invitees of a scheduled event."""
        async for invitee in self._collection(f"{urlsplit(event_uri).path}/invitees", {}):
            yield invitee

    async def subscriptions(self, user: str, organization: str) -> list[Mapping[str, Any]]:
        """Return the webhook subscriptions of a user."""
        query = {"user": user, "organization": organization, "scope": "user"}
        return [one async for one in self._collection("/webhook_subscriptions", query)]

    async def subscribe(
        self, url: str, user: str, organization: str, signing_key: str, events: tuple[str, ...]
    ) -> str:
        """Create a webhook subscription; returns its URI."""
        wanted = {"url": url, "events": list(events), "organization": organization, "user": user}
        answer = await self._call(
            "POST", "/webhook_subscriptions", {**wanted, "scope": "user", "signing_key": signing_key}
        )
        uri = changes.text(answer, "resource", "uri")
        if uri is None:
            raise CalendlyError("Calendly's answer names no subscription")
        return uri

    async def unsubscribe(self, uri: str) -> None:
        """Delete a webhook subscription; one that is gone already is no error."""
        try:
            await self._call("DELETE", urlsplit(uri).path)
        except CalendlyError as error:
            if error.status != 404:
                raise

    async def _collection(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        page: str | None = None
        for _ in range(_MAX_PAGES):
            values = {**query, "count": str(_PAGE)} | ({"page_token": page} if page else {})
            answer = await self._call("GET", f"{path}?{urlencode(values)}")
            found = changes.part(answer, "collection")
            for one in found if isinstance(found, list) else []:
                if isinstance(one, Mapping):
                    yield one
            page = changes.text(answer, "pagination", "next_page_token")
            if page is None:
                return

    async def _call(self, method: str, path: str, body: object = None) -> object:
        return await asyncio.to_thread(self._call_now, method, path, body)

    def _call_now(self, method: str, path: str, body: object) -> object:
        # The path only: a URI in an answer must not lead the token to another host.
        request = Request(f"{self.base_url.rstrip('/')}{path}", method=method)  # noqa: S310 - http and https, by the setting
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(request, data, TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
                content = answer.read(_MAX_ANSWER)
        except HTTPError as error:
            with error:
                raise _refused(error) from None
        except (URLError, OSError, ValueError) as error:
            raise CalendlyError(f"Calendly is not reached: {getattr(error, 'reason', error)}") from None
        try:
            return json.loads(content) if content.strip() else {}
        except ValueError:
            raise CalendlyError("Calendly's answer is not JSON") from None


def client_of(settings: SharedSettings) -> CalendlyApi | None:
    """Return a client with the token of the settings; None without one."""
    token = settings.calendly_token
    return CalendlyApi(settings.calendly_api, token.get_secret_value()) if token is not None else None


def _refused(error: HTTPError) -> CalendlyError:
    try:
        answer = json.loads(error.read(10_000))
    except (ValueError, OSError):
        answer = {}
    text = changes.text(answer, "message") or changes.text(answer, "title") or error.reason
    waits = [error.headers.get(name) for name in ("Retry-After", "X-RateLimit-Reset")]
    seconds = next((float(one) for one in waits if one and one.strip().isdigit()), None)
    return CalendlyError(f"Calendly answers {error.code}: {text}", error.code, seconds)
