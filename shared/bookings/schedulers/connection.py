"""The webhook subscription at a scheduler: made, looked at, and taken away."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from shared.bookings.schedulers.port import ACTIVE, MISSING, SchedulerApi, Subscription
from shared.database.bulk import insert_for
from shared.database.engine import Database
from shared.database.models import BookingConnection
from shared.localized_messages import sentence


@dataclass(frozen=True)
class Connection:
    """The connection of one installation to one scheduler; `api` has its token."""

    database: Database
    api: SchedulerApi

    async def connect(self, public_url: str, *, now: datetime) -> str:
        """Make the subscription to this address; returns what was done. A second call changes nothing.

        The signing key is stored before the scheduler gets it: no call comes that cannot be checked. A
        subscription with another address is deleted, and made again with the new one.
        """
        url = f"{public_url.rstrip('/')}/bookings/{self.api.source}"
        account = await self.api.account()
        known = await self._load()
        ours = [one for one in await self.api.subscriptions(account) if _is_ours(one, url, known)]
        good = [one for one in ours if _is_good(one, url)]
        if good and known is not None and known.signing_key and known.subscription == good[0].name:
            await self._store(now, state=ACTIVE, callback_url=url, checked_at=now, error=None)
            return sentence("connected already: {address}", address=url)
        for one in ours:
            await self.api.unsubscribe(one.name)
        key = (known.signing_key if known else None) or secrets.token_urlsafe(32)
        names = {"user_uri": account.user, "organization_uri": account.organization}
        await self._store(now, signing_key=key, callback_url=url, subscription=None, state=None, **names)
        name = await self.api.subscribe(url, account, key)
        await self._store(now, subscription=name, state=ACTIVE, checked_at=now, error=None)
        return sentence("connected: {name} calls {address}", name=self.api.name, address=url)

    async def status(self, *, now: datetime) -> tuple[str | None, str]:
        """Return the state of the subscription (None: there is none) and a sentence; the state is stored."""
        known, source = await self._load(), self.api.source
        if known is None or known.callback_url is None:
            return None, sentence("not connected: run `python -m api {source} connect`", source=source)
        subscriptions = await self.api.subscriptions(await self.api.account())
        found = next((one for one in subscriptions if one.name == known.subscription), None)
        state = MISSING if found is None else found.state
        await self._store(now, state=state, checked_at=now)
        said = sentence("the subscription to {address} is {state}", address=known.callback_url, state=state)
        if state == ACTIVE:
            return state, said
        return state, sentence("{said}: run `python -m api {source} connect`", said=said, source=source)

    async def disconnect(self, *, now: datetime) -> str:
        """Delete the subscription and the stored key; returns what was done."""
        known = await self._load()
        if known is None or known.callback_url is None:
            return "not connected"
        for one in await self.api.subscriptions(await self.api.account()):
            if _is_ours(one, known.callback_url, known):
                await self.api.unsubscribe(one.name)
        await self._store(now, subscription=None, state=None, callback_url=None, signing_key=None)
        return "disconnected"

    async def _load(self) -> BookingConnection | None:
        async with self.database.reading() as session:
            rows = select(BookingConnection).where(col(BookingConnection.source) == self.api.source)
            return (await session.exec(rows)).first()

    async def _store(self, now: datetime, **values: object) -> None:
        async with self.database.writing() as session:
            await session.exec(
                insert_for(session, BookingConnection)
                .values(source=self.api.source, updated_at=now, **values)
                .on_conflict_do_update(index_elements=["source"], set_={"updated_at": now, **values})
            )


def _is_ours(subscription: Subscription, url: str, known: BookingConnection | None) -> bool:
    addresses = {url} | ({known.callback_url} if known and known.callback_url else set())
    is_known = known is not None and known.subscription == subscription.name
    return is_known or subscription.callback_url in addresses


def _is_good(subscription: Subscription, url: str) -> bool:
    is_right = subscription.is_complete and subscription.callback_url == url
    return is_right and subscription.state == ACTIVE
