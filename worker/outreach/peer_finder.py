"""Finds people at the least cost: those known already, then by the cheaper call, then by the dear one."""

import logging
from collections.abc import Sequence

from shared.group_commit import GroupCommit
from worker.accounts import usage
from worker.domain.telegram_port import (
    CannotWriteError,
    Peer,
    PeerNotFoundError,
    RateLimitedError,
    Telegram,
    TelegramError,
)
from worker.outreach import peer_cache
from worker.outreach.rate_limiter import OutreachRateLimiter

log = logging.getLogger(__name__)


class PeerFinder:
    """Implements worker.domain.telegram_port.Finder; `keep_contacts`: whether whom we import stays in the address book."""

    def __init__(self, telegram: Telegram, pace: OutreachRateLimiter, keep_contacts: bool = True) -> None:
        self._telegram = telegram
        self._pace = pace
        self._keep_contacts = keep_contacts
        self._recalled = GroupCommit(self._recall)
        self._remembered = GroupCommit(self._remember)

    async def by_username(self, username: str) -> Peer:
        """From memory, or contacts.resolveUsername."""
        known = await self._recalled.submit(username)
        if known is not None:
            return known
        await self._pace.reserve_lookup(usage.RESOLVE_USERNAME, self._pace.limits.resolves)
        peer = await self._telegram.find_by_username(username)
        await self._remembered.submit((username, peer))
        return await self._open(peer)

    async def by_phone(self, phone_e164: str, name: str, *, thoroughly: bool = True) -> Peer:
        """From memory, or contacts.resolvePhone, or contacts.importContacts."""
        me, now = self._pace.me.account_id, self._pace.clock()
        async with self._pace.database.reading() as session:
            known = await peer_cache.by_phone(session, me, phone_e164, now=now)
        if known is not None:
            return known
        return await self._open(await self._look_up_phone(phone_e164, name, thoroughly=thoroughly))

    async def _look_up_phone(self, phone_e164: str, name: str, *, thoroughly: bool) -> Peer:
        await self._pace.reserve_lookup(usage.RESOLVE_PHONE)
        try:
            peer = await self._telegram.find_by_phone(phone_e164)
        except PeerNotFoundError:
            if not thoroughly:
                raise
            return await self._import(phone_e164, name)
        await self._remember_phone(phone_e164, peer)
        return peer

    async def _import(self, phone_e164: str, name: str) -> Peer:
        await self._pace.reserve_lookup(usage.IMPORT_CONTACTS, self._pace.limits.imports, spaced=False)
        peer = await self._telegram.import_contact(phone_e164, name)
        await self._remember_phone(phone_e164, peer, is_contact=True)
        if not self._keep_contacts:
            await self.remove_imported_contacts()
        return peer

    async def _open(self, peer: Peer) -> Peer:
        """The person, if they take first messages; whoever does not may have changed their mind next time."""
        try:
            await self._telegram.check_open(peer)
        except CannotWriteError:
            async with self._pace.database.writing() as session:
                await peer_cache.invalidate(session, self._pace.me.account_id, peer.user_id)
            raise
        return peer

    async def remove_imported_contacts(self) -> None:
        """Take out of the address book whom we have put there; what fails is done another time."""
        me = self._pace.me.account_id
        async with self._pace.database.reading() as session:
            imported = await peer_cache.contacts(session, me)
        if not imported:
            return
        try:
            await self._telegram.drop_contacts(imported)
        except RateLimitedError:
            return
        except TelegramError as error:
            log.warning("contacts could not be taken out of the address book: %s", error)
            return
        async with self._pace.database.writing() as session:
            for peer in imported:
                await peer_cache.set_contact(session, me, peer.user_id, is_contact=False)

    async def _recall(self, usernames: Sequence[str]) -> Sequence[Peer | None]:
        me, now = self._pace.me.account_id, self._pace.clock()
        async with self._pace.database.reading() as session:
            known = await peer_cache.by_usernames(session, me, usernames, now=now)
        return [known.get(username.lower()) for username in usernames]

    async def _remember(self, found: Sequence[tuple[str, Peer]]) -> Sequence[None]:
        me, now = self._pace.me.account_id, self._pace.clock()
        async with self._pace.database.writing() as session:
            await peer_cache.remember_usernames(session, me, dict(found), now=now)
        return [None] * len(found)

    async def _remember_phone(self, phone: str, peer: Peer, *, is_contact: bool = False) -> None:
        me = self._pace.me.account_id
        async with self._pace.database.writing() as session:
            await peer_cache.remember_phone(session, me, phone, peer, now=self._pace.clock())
            if is_contact:
                await peer_cache.set_contact(session, me, peer.user_id, is_contact=True)
