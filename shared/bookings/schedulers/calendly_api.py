"""A client of Calendly's API, as far as bookings and webhooks need it: https://developer.calendly.com/api-docs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from shared.bookings import changes
from shared.bookings.calendly import EVENTS
from shared.bookings.changes import CALENDLY
from shared.bookings.schedulers.http_api import HttpApi, SchedulerError
from shared.bookings.schedulers.port import ACTIVE, Account, Subscription
from shared.settings import SharedSettings

_PAGE = 100
# No more than 6,000 events in 60 days: a page token that repeats for ever ends here.
_MAX_PAGES = 60


@dataclass(frozen=True)
class CalendlyApi:
    """Calls with one personal access token."""

    http: HttpApi
    source: str = CALENDLY
    name: str = "Calendly"

    async def account(self) -> Account:
        """Return the URIs of the token's user and organization."""
        answer = await self.http.call("GET", "/users/me")
        user = changes.text(answer, "resource", "uri")
        organization = changes.text(answer, "resource", "current_organization")
        if user is None or organization is None:
            raise SchedulerError("Calendly's answer names no user")
        return Account(user, organization)

    async def events(self, user: str, since: datetime, until: datetime) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the scheduled events of a user that begin in a span of time, cancelled ones too."""
        query = {"user": user, "min_start_time": since.isoformat(), "max_start_time": until.isoformat()}
        async for event in self._collection("/scheduled_events", query):
            yield event

    async def event(self, uri: str) -> Mapping[str, Any] | None:
        """Return a scheduled event; None if there is none any more."""
        try:
            answer = await self.http.call("GET", urlsplit(uri).path)
        except SchedulerError as error:
            if error.status == 404:
                return None
            raise
        found = changes.part(answer, "resource")
        return found if isinstance(found, Mapping) else None

    async def invitees(self, event_uri: str) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the invitees of a scheduled event."""
        async for invitee in self._collection(f"{urlsplit(event_uri).path}/invitees", {}):
            yield invitee

    async def subscriptions(self, account: Account) -> list[Subscription]:
        """Return the webhook subscriptions of a user."""
        query = {"user": account.user, "organization": account.organization or "", "scope": "user"}
        found = [one async for one in self._collection("/webhook_subscriptions", query)]
        return [
            Subscription(
                changes.text(one, "uri") or "",
                changes.text(one, "callback_url") or "",
                changes.text(one, "state") or ACTIVE,
                is_complete=_is_complete(changes.part(one, "events")),
            )
            for one in found
        ]

    async def subscribe(self, url: str, account: Account, signing_key: str) -> str:
        """Create a webhook subscription; returns its URI."""
        wanted = {"url": url, "events": list(EVENTS), "scope": "user", "signing_key": signing_key}
        owner = {"organization": account.organization, "user": account.user}
        answer = await self.http.call("POST", "/webhook_subscriptions", wanted | owner)
        uri = changes.text(answer, "resource", "uri")
        if uri is None:
            raise SchedulerError("Calendly's answer names no subscription")
        return uri

    async def unsubscribe(self, subscription: str) -> None:
        """Delete a webhook subscription; one that is gone already is no error."""
        try:
            await self.http.call("DELETE", urlsplit(subscription).path)
        except SchedulerError as error:
            if error.status != 404:
                raise

    async def _collection(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        page: str | None = None
        for _ in range(_MAX_PAGES):
            values = {**query, "count": str(_PAGE)} | ({"page_token": page} if page else {})
            answer = await self.http.call("GET", f"{path}?{urlencode(values)}")
            found = changes.part(answer, "collection")
            for one in found if isinstance(found, list) else []:
                if isinstance(one, Mapping):
                    yield one
            page = changes.text(answer, "pagination", "next_page_token")
            if page is None:
                return


def calendly_of(settings: SharedSettings) -> CalendlyApi | None:
    """Return a client with the token of the settings; None without one."""
    token = settings.calendly_token
    return calendly_api(settings.calendly_api, token.get_secret_value()) if token is not None else None


def calendly_api(base_url: str, token: str) -> CalendlyApi:
    """Return a client with a token."""
    return CalendlyApi(HttpApi("Calendly", base_url, token))


def _is_complete(events: object) -> bool:
    return isinstance(events, list) and set(EVENTS) <= set(events)
