"""Finds contacts at the least cost: first in the peer cache, then by a look-up, and last by an import."""

import logging
from collections.abc import Awaitable, Sequence
from datetime import timedelta

from shared.group_commit import GroupCommit
from shared.logging_setup import mask
from worker.accounts import usage
from worker.domain import identity
from worker.domain.telegram_port import (
    CannotWriteError,
    Peer,
    PeerFloodError,
    PeerNotFoundError,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
)
from worker.outreach import peer_cache
from worker.outreach.lookup_confirmation_cache import CONFIRMED_FOR, RecentlyConfirmed
from worker.outreach.rate_limiter import OutreachRateLimiter

log = logging.getLogger(__name__)


class PeerFinder:
    """Implements worker.domain.telegram_port.Finder.

    `keep_contacts`: imported contacts stay in the account's address book. `confirmed_for`: how long after a
    look-up its answer is not checked again before a first message.
    """

    def __init__(
        self,
        telegram: Telegram,
        rate_limiter: OutreachRateLimiter,
        keep_contacts: bool = True,
        *,
        confirmed_for: timedelta = CONFIRMED_FOR,
    ) -> None:
        self._telegram = telegram
        self._rate_limiter = rate_limiter
        self._keep_contacts = keep_contacts
        self._confirmed = RecentlyConfirmed(rate_limiter.clock, confirmed_for)
        self._failed_checks: set[int] = set()
        self._cache_reads = GroupCommit(self._read_usernames)
        self._cache_writes = GroupCommit(self._store_usernames)

    async def find_by_username(self, username: str) -> Peer:
        """Find a contact in the peer cache, or by contacts.resolveUsername.

        A cached contact is used only if Telegram still shows the username for them: usernames change owners.
        """
        known = await self._cache_reads.submit(username)
        if known is not None:
            if await self._shows_username(known, username):
                return self._confirmed.add(await self._check_known(known), username)
            await self.forget(known.user_id)
        peer = await self._look_up_username(username)
        return self._confirmed.add(await self._check_contact(peer), username)

    async def find_by_phone(self, phone_e164: str, name: str, *, may_import: bool = True) -> Peer:
        """Find a contact in the peer cache, by contacts.resolvePhone, or by contacts.importContacts.

        A cached contact is used only if Telegram shows the phone for them: a hidden phone is looked up again.
        """
        me, now = self._rate_limiter.me.account_id, self._rate_limiter.clock()
        async with self._rate_limiter.database.reading() as session:
            known = await peer_cache.find_by_phone(session, me, phone_e164, now=now)
        if known is not None and await self._shows_phone(known, phone_e164):
            return self._confirmed.add(await self._check_known(known), phone_e164)
        peer = await self._look_up_phone(phone_e164, name, may_import=may_import)
        if known is not None and known.user_id != peer.user_id:
            await self.forget(known.user_id)
        return self._confirmed.add(await self._check_contact(peer), phone_e164)

    async def check_username(self, peer: Peer, username: str) -> str | None:
        """Return why the username does not lead to this person any more; None if it still does."""
        if self._confirmed.holds(peer, username):
            return None
        if not await self._shows_username(peer, username):
            await self.forget(peer.user_id)
            if not await self._leads_to(peer, self._look_up_username(username)):
                return f"@{username} no longer belongs to the person who was found"
        self._confirmed.add(peer, username)
        return None

    async def check_phone(self, peer: Peer, phone_e164: str, name: str) -> str | None:
        """Return why the phone does not lead to this person any more; None if it still does."""
        if self._confirmed.holds(peer, phone_e164):
            return None
        if not await self._shows_phone(peer, phone_e164):
            look_up = self._look_up_phone(phone_e164, name, may_import=True)
            if not await self._leads_to(peer, look_up):
                await self.forget(peer.user_id)
                return f"{mask(phone_e164)} no longer belongs to the person who was found"
        self._confirmed.add(peer, phone_e164)
        return None

    @staticmethod
    async def _leads_to(peer: Peer, look_up: Awaitable[Peer]) -> bool:
        try:
            return (await look_up).user_id == peer.user_id
        except PeerNotFoundError:
            return False

    async def forget(self, user_id: int) -> None:
        """Forget how a person was found: their name, username or phone has changed."""
        self._confirmed.remove(user_id)
        async with self._rate_limiter.database.writing() as session:
            await peer_cache.invalidate(session, self._rate_limiter.me.account_id, user_id)

    async def _shows_username(self, peer: Peer, username: str) -> bool:
        profile = await self._telegram.fetch_profile(peer)
        return profile is not None and identity.has_username(profile, username)

    async def _shows_phone(self, peer: Peer, phone_e164: str) -> bool:
        profile = await self._telegram.fetch_profile(peer)
        return profile is not None and identity.has_phone(profile, phone_e164)

    async def _look_up_username(self, username: str) -> Peer:
        await self._rate_limiter.reserve_lookup(
            usage.RESOLVE_USERNAME, self._rate_limiter.limits.resolve_limit
        )
        peer = await self._telegram.find_by_username(username)
        await self._cache_writes.submit((username, peer))
        return peer

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

    async def _check_known(self, peer: Peer) -> Peer:
        """Return a cached peer; the check that failed when they were found is made first."""
        return await self._check_contact(peer) if peer.user_id in self._failed_checks else peer

    async def _check_contact(self, peer: Peer) -> Peer:
        """Return the peer if they accept first messages from this account.

        Otherwise the cache entry is invalidated, because their privacy settings may be different next time.
        A check that fails is made again. If it fails twice, the message itself shows whether they accept it.
        """
        try:
            await self._telegram.check_accepts_messages(peer)
        except CannotWriteError as error:
            await self.forget(peer.user_id)
            # They may still write to us, and are then known.
            error.peer = peer
            raise
        except (SessionRevokedError, PeerFloodError):
            raise
        except TelegramError as error:
            # A flood wait of this check may last for hours, which a lead need not wait.
            if not isinstance(error, RateLimitedError) and peer.user_id not in self._failed_checks:
                self._failed_checks.add(peer.user_id)
                raise
            log.warning("it is not known whether a contact accepts messages: %s", error)
        else:
            self._failed_checks.discard(peer.user_id)
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
