"""The webhook subscription at Calendly: made, looked at, and taken away."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from shared.bookings import changes
from shared.bookings.calendly import EVENTS
from shared.bookings.calendly_api import CalendlyApi
from shared.bookings.changes import CALENDLY
from shared.database.bulk import insert_for
from shared.database.engine import Database
from shared.database.models import BookingConnection

PATH = "/bookings/calendly"
ACTIVE, DISABLED, MISSING = "active", "disabled", "missing"


@dataclass(frozen=True)
class Connection:
    """The connection of one installation; `api` has its token."""

    database: Database
    api: CalendlyApi

    async def connect(self, public_url: str, *, now: datetime) -> str:
        """Make the subscription to this address; returns what was done. A second call changes nothing.

        The signing key is stored before Calendly gets it: no call comes that cannot be checked. The address
        of a subscription cannot be changed: it is deleted, and made again with the new one.
        """
        url = public_url.rstrip("/") + PATH
        user, organization = await self.api.me()
        known = await self._load()
        existing = await self.api.subscriptions(user, organization)
        ours = [one for one in existing if _is_ours(one, url, known)]
        good = [one for one in ours if _is_good(one, url)]
        if good and known is not None and known.signing_key and known.subscription == _uri(good[0]):
            await self._store(now, state=ACTIVE, callback_url=url, checked_at=now, error=None)
            return f"connected already: {url}"
        for one in ours:
            await self.api.unsubscribe(_uri(one) or "")
        key = (known.signing_key if known else None) or secrets.token_urlsafe(32)
        names = {"user_uri": user, "organization_uri": organization}
        await self._store(now, signing_key=key, callback_url=url, subscription=None, state=None, **names)
        uri = await self.api.subscribe(url, user, organization, key, EVENTS)
        await self._store(now, subscription=uri, state=ACTIVE, checked_at=now, error=None)
        return f"connected: Calendly calls {url}"

    async def status(self, *, now: datetime) -> tuple[str | None, str]:
        """Return the state of the subscription (None: there is none) and a sentence; the state is stored."""
        known = await self._load()
        if known is None or known.callback_url is None:
            return None, "not connected: run `python -m api calendly connect`"
        user, organization = await self.api.me()
        subscriptions = await self.api.subscriptions(user, organization)
        found = next((one for one in subscriptions if _uri(one) == known.subscription), None)
        state = MISSING if found is None else changes.text(found, "state") or ACTIVE
        await self._store(now, state=state, checked_at=now)
        advice = "" if state == ACTIVE else ": run `python -m api calendly connect`"
        return state, f"the subscription to {known.callback_url} is {state}{advice}"

    async def disconnect(self, *, now: datetime) -> str:
        """Delete the subscription and the stored key; returns what was done."""
        known = await self._load()
        if known is None or known.callback_url is None:
            return "not connected"
        user, organization = await self.api.me()
        for one in await self.api.subscriptions(user, organization):
            if _is_ours(one, known.callback_url, known):
                await self.api.unsubscribe(_uri(one) or "")
        await self._store(now, subscription=None, state=None, callback_url=None, signing_key=None)
        return "disconnected"

    async def _load(self) -> BookingConnection | None:
        async with self.database.reading() as session:
            rows = select(BookingConnection).where(col(BookingConnection.source) == CALENDLY)
            return (await session.exec(rows)).first()

    async def _store(self, now: datetime, **values: object) -> None:
        async with self.database.writing() as session:
            await session.exec(
                insert_for(session, BookingConnection)
                .values(source=CALENDLY, updated_at=now, **values)
                .on_conflict_do_update(index_elements=["source"], set_={"updated_at": now, **values})
            )


def _uri(subscription: object) -> str | None:
    return changes.text(subscription, "uri")


def _is_ours(subscription: object, url: str, known: BookingConnection | None) -> bool:
    addresses = {url} | ({known.callback_url} if known and known.callback_url else set())
    is_known = (
        known is not None and known.subscription is not None and _uri(subscription) == known.subscription
    )
    return is_known or changes.text(subscription, "callback_url") in addresses


def _is_good(subscription: object, url: str) -> bool:
    events = changes.part(subscription, "events")
    is_complete = isinstance(events, list) and set(EVENTS) <= set(events)
    is_active = changes.text(subscription, "state") == ACTIVE
    return is_complete and is_active and changes.text(subscription, "callback_url") == url
