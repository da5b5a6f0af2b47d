"""Finds contacts at the least cost: first in the peer cache, then by a look-up, and last by an import."""

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
    """Implements worker.domain.telegram_port.Finder.

    `keep_contacts`: imported contacts stay in the account's address book.
    """

    def __init__(
        self, telegram: Telegram, rate_limiter: OutreachRateLimiter, keep_contacts: bool = True
    ) -> None:
        self._telegram = telegram
        self._rate_limiter = rate_limiter
        self._keep_contacts = keep_contacts
        self._cache_reads = GroupCommit(self._read_usernames)
        self._cache_writes = GroupCommit(self._store_usernames)

    async def find_by_username(self, username: str) -> Peer:
        """Find a contact in the peer cache, or by contacts.resolveUsername."""
        known = await self._cache_reads.submit(username)
        if known is not None:
            return known
        await self._rate_limiter.reserve_lookup(
            usage.RESOLVE_USERNAME, self._rate_limiter.limits.resolve_limit
        )
        peer = await self._telegram.find_by_username(username)
        await self._cache_writes.submit((username, peer))
        return await self._check_contact(peer)

    async def find_by_phone(self, phone_e164: str, name: str, *, may_import: bool = True) -> Peer:
        """Find a contact in the peer cache, by contacts.resolvePhone, or by contacts.importContacts."""
        me, now = self._rate_limiter.me.account_id, self._rate_limiter.clock()
        async with self._rate_limiter.database.reading() as session:
            known = await peer_cache.find_by_phone(session, me, phone_e164, now=now)
        if known is not None:
            return known
        return await self._check_contact(await self._look_up_phone(phone_e164, name, may_import=may_import))

    async def _look_up_phone(self, phone_e164: str, name: str, *, may_import: bool) -> Peer:
        await self._rate_limiter.reserve_lookup(usage.RESOLVE_PHONE)
        try:
            peer = await self._telegram.find_by_phone(phone_e164)
        except PeerNotFoundError:
            if not may_import:
                raise
            return await self._import(phone_e164, name)
        await self._store_phone(phone_e164, peer)
        return peer

    async def _import(self, phone_e164: str, name: str) -> Peer:
        await self._rate_limiter.reserve_lookup(
            usage.IMPORT_CONTACTS, self._rate_limiter.limits.import_limit, spaced=False
        )
        peer = await self._telegram.import_contact(phone_e164, name)
        await self._store_phone(phone_e164, peer, is_contact=True)
        if not self._keep_contacts:
            await self.remove_imported_contacts()
        return peer

    async def _check_contact(self, peer: Peer) -> Peer:
        """Return the peer if they accept first messages from this account.

        Otherwise the cache entry is invalidated, because their privacy settings may be different next time.
        """
        try:
            await self._telegram.check_accepts_messages(peer)
        except CannotWriteError:
            async with self._rate_limiter.database.writing() as session:
                await peer_cache.invalidate(session, self._rate_limiter.me.account_id, peer.user_id)
            raise
        return peer

    async def remove_imported_contacts(self) -> None:
        """Remove imported contacts from the address book; after a failure they stay until the next call."""
        me = self._rate_limiter.me.account_id
        async with self._rate_limiter.database.reading() as session:
            imported = await peer_cache.load_imported_contacts(session, me)
        if not imported:
            return
        try:
            await self._telegram.delete_contacts(imported)
        except RateLimitedError:
            return
        except TelegramError as error:
            log.warning("imported contacts could not be removed from the address book: %s", error)
            return
        async with self._rate_limiter.database.writing() as session:
            for peer in imported:
                await peer_cache.set_contact(session, me, peer.user_id, is_contact=False)

    async def _read_usernames(self, usernames: Sequence[str]) -> Sequence[Peer | None]:
        me, now = self._rate_limiter.me.account_id, self._rate_limiter.clock()
        async with self._rate_limiter.database.reading() as session:
            known = await peer_cache.find_by_usernames(session, me, usernames, now=now)
        return [known.get(username.lower()) for username in usernames]

    async def _store_usernames(self, found: Sequence[tuple[str, Peer]]) -> Sequence[None]:
        me, now = self._rate_limiter.me.account_id, self._rate_limiter.clock()
        async with self._rate_limiter.database.writing() as session:
            await peer_cache.store_usernames(session, me, dict(found), now=now)
        return [None] * len(found)

    async def _store_phone(self, phone: str, peer: Peer, *, is_contact: bool = False) -> None:
        me = self._rate_limiter.me.account_id
        async with self._rate_limiter.database.writing() as session:
            await peer_cache.store_phone(session, me, phone, peer, now=self._rate_limiter.clock())
            if is_contact:
                await peer_cache.set_contact(session, me, peer.user_id, is_contact=True)
