"""A client of Cal.com's API v2, as far as bookings and webhooks need it: https://cal.com/docs/api-reference/v2."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from shared.bookings import changes
from shared.bookings.calcom import TRIGGERS
from shared.bookings.changes import CALCOM
from shared.bookings.schedulers.http_api import HttpApi, SchedulerError
from shared.bookings.schedulers.port import ACTIVE, DISABLED, Account, Subscription
from shared.settings import SharedSettings

# The form of the answers; without it, Cal.com answers in the oldest one.
_VERSION = {"cal-api-version": "2024-08-13"}
_PAGE = 100
_MAX_PAGES = 60


@dataclass(frozen=True)
class CalcomApi:
    """Calls with one API key."""

    http: HttpApi
    source: str = CALCOM
    name: str = "Cal.com"

    async def account(self) -> Account:
        """Return the id of the key's user."""
        answer = await self.http.call("GET", "/v2/me")
        user = changes.text(answer, "data", "id")
        if user is None:
            raise SchedulerError("Cal.com's answer names no user")
        return Account(user, changes.text(answer, "data", "organizationId"))

    async def bookings(self, since: datetime, until: datetime) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the bookings in a span of time, cancelled ones too."""
        query = {"afterStart": since.isoformat(), "beforeEnd": until.isoformat(), "sortCreated": "asc"}
        async for one in self._list("/v2/bookings", query):
            yield one

    async def booking(self, uid: str) -> Mapping[str, Any] | None:
        """Return a booking; None if there is none any more."""
        try:
            answer = await self.http.call("GET", f"/v2/bookings/{quote(uid, safe='')}")
        except SchedulerError as error:
            if error.status == 404:
                return None
            raise
        found = changes.part(answer, "data")
        return found if isinstance(found, Mapping) else None

    async def subscriptions(self, account: Account) -> list[Subscription]:  # noqa: ARG002 - of the key's user
        """Return the webhooks of the key's user."""
        found = [one async for one in self._list("/v2/webhooks", {})]
        return [
            Subscription(
                changes.text(one, "id") or "",
                changes.text(one, "subscriberUrl") or "",
                DISABLED if changes.part(one, "active") is False else ACTIVE,
                is_complete=_is_complete(one),
            )
            for one in found
        ]

    async def subscribe(self, url: str, account: Account, signing_key: str) -> str:  # noqa: ARG002 - as above
        """Create a webhook; returns its id."""
        wanted = {"active": True, "subscriberUrl": url, "triggers": list(TRIGGERS), "secret": signing_key}
        answer = await self.http.call("POST", "/v2/webhooks", wanted)
        name = changes.text(answer, "data", "id")
        if name is None:
            raise SchedulerError("Cal.com's answer names no webhook")
        return name

    async def unsubscribe(self, subscription: str) -> None:
        """Delete a webhook; one that is gone already is no error."""
        try:
            await self.http.call("DELETE", f"/v2/webhooks/{quote(subscription, safe='')}")
        except SchedulerError as error:
            if error.status != 404:
                raise

    async def _list(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
        for page in range(_MAX_PAGES):
            values = {**query, "take": str(_PAGE), "skip": str(page * _PAGE)}
            answer = await self.http.call("GET", f"{path}?{urlencode(values)}")
            found = changes.part(answer, "data")
            rows = found if isinstance(found, list) else []
            for one in rows:
                if isinstance(one, Mapping):
                    yield one
            if len(rows) < _PAGE:
                return


def calcom_of(settings: SharedSettings) -> CalcomApi | None:
    """Return a client with the key of the settings; None without one."""
    token = settings.calcom_token
    return calcom_api(settings.calcom_api, token.get_secret_value()) if token is not None else None


def calcom_api(base_url: str, token: str) -> CalcomApi:
    """Return a client with an API key."""
    return CalcomApi(HttpApi("Cal.com", base_url, token, _VERSION))


def _is_complete(webhook: object) -> bool:
    """Return True if a webhook reports all that is needed, in Cal.com's own form."""
    triggers = changes.part(webhook, "triggers")
    is_whole = isinstance(triggers, list) and set(TRIGGERS) <= set(triggers)
    return is_whole and not changes.text(webhook, "payloadTemplate")
