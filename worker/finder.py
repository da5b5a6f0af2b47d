"""Finds people at the least cost: those known already, then by the cheaper call, then by the dear one."""

import logging
from dataclasses import dataclass

from worker import people, usage
from worker.pace import Pace
from worker.ports import CannotWriteError, NobodyThereError, Peer, RateLimitedError, Telegram, TelegramError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PacedFinder:
    """Implements worker.ports.Finder; `keep_contacts`: whether whom we import stays in the address book."""

    telegram: Telegram
    pace: Pace
    keep_contacts: bool = True

    async def by_username(self, username: str) -> Peer:
        """From memory, or contacts.resolveUsername."""
        me, now = self.pace.me.account_id, self.pace.clock()
        async with self.pace.database.reading() as session:
            known = await people.by_username(session, me, username, now=now)
        if known is not None:
            return known
        await self.pace.before_lookup(usage.RESOLVE_USERNAME, self.pace.limits.resolves)
        peer = await self.telegram.find_by_username(username)
        await self._remember(peer, username=username)
        return await self._open(peer)

    async def by_phone(self, phone_e164: str, name: str, *, thoroughly: bool = True) -> Peer:
        """From memory, or contacts.resolvePhone, or contacts.importContacts."""
        me, now = self.pace.me.account_id, self.pace.clock()
        async with self.pace.database.reading() as session:
            known = await people.by_phone(session, me, phone_e164, now=now)
        if known is not None:
            return known
        return await self._open(await self._look_up_phone(phone_e164, name, thoroughly=thoroughly))

    async def _look_up_phone(self, phone_e164: str, name: str, *, thoroughly: bool) -> Peer:
        await self.pace.before_lookup(usage.RESOLVE_PHONE)
        try:
            peer = await self.telegram.find_by_phone(phone_e164)
        except NobodyThereError:
            if not thoroughly:
                raise
            return await self._import(phone_e164, name)
        await self._remember(peer, phone=phone_e164)
        return peer

    async def _import(self, phone_e164: str, name: str) -> Peer:
        await self.pace.before_lookup(usage.IMPORT_CONTACTS, self.pace.limits.imports, spaced=False)
        peer = await self.telegram.import_contact(phone_e164, name)
        await self._remember(peer, phone=phone_e164, is_contact=True)
        if not self.keep_contacts:
            await self.tidy()
        return peer

    async def _open(self, peer: Peer) -> Peer:
        """The person, if they take first messages; whoever does not may have changed their mind next time."""
        try:
            await self.telegram.check_open(peer)
        except CannotWriteError:
            async with self.pace.database.writing() as session:
                await people.forget(session, self.pace.me.account_id, peer.user_id)
            raise
        return peer

    async def tidy(self) -> None:
        """Take out of the address book whom we have put there; what fails is done another time."""
        me = self.pace.me.account_id
        async with self.pace.database.reading() as session:
            imported = await people.contacts(session, me)
        if not imported:
            return
        try:
            await self.telegram.drop_contacts(imported)
        except RateLimitedError:
            return
        except TelegramError as error:
            log.warning("contacts could not be taken out of the address book: %s", error)
            return
        async with self.pace.database.writing() as session:
            for peer in imported:
                await people.set_contact(session, me, peer.user_id, is_contact=False)

    async def _remember(
        self, peer: Peer, *, username: str | None = None, phone: str | None = None, is_contact: bool = False
    ) -> None:
        me = self.pace.me.account_id
        async with self.pace.database.writing() as session:
            await people.remember(session, me, peer, username=username, phone=phone, now=self.pace.clock())
            if is_contact:
                await people.set_contact(session, me, peer.user_id, is_contact=True)
