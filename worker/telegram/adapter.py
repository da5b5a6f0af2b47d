"""Adapter: the Telegram port over a session: finding people, messages, and arrivals."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pyrogram import errors, raw

from shared.logging_setup import mask
from worker.domain.telegram_port import (
    Arrival,
    FloodGate,
    ImportPausedError,
    Incoming,
    PaymentRequiredError,
    Peer,
    PeerNotFoundError,
    Reaction,
    Sender,
    Sent,
    TelegramUnavailableError,
)
from worker.settings import TelegramSettings
from worker.telegram.calls import dialogs, profiles, voice_download
from worker.telegram.calls.contact_requirements import check_requirement
from worker.telegram.calls.missed_reactions import MissedReactions
from worker.telegram.calls.profiles import person_with_phone, person_with_username
from worker.telegram.session.session import TelegramSession
from worker.telegram.session.timeouts import DEFAULT_TIMEOUTS, Timeouts
from worker.telegram.updates.arrivals import read_message, read_update
from worker.telegram.updates.people import Users, by_id

log = logging.getLogger(__name__)

_HISTORY_LIMIT, _MAX_HISTORY_PAGES = 100, 20
MAX_NAME_LENGTH = 64
# `retry_contacts` means that this account imports too much, not that the phone is unknown. The pause is
# hours, not minutes.
IMPORT_PAUSE = timedelta(hours=6)


class TelegramAccount:
    """Implements worker.domain.telegram_port.Telegram; `arrivals` queues the updates of its chats in order.

    `gate`: the flood waits of the account. `max_stars`: the most Telegram Stars to pay for a message.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        *,
        gate: FloodGate | None = None,
        max_stars: int = 0,
    ) -> None:
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.session = TelegramSession(settings, self._on_update, timeouts, gate)
        self._missed_reactions = MissedReactions(self.session, self._deliver)
        # The people whose reactions have not been marked as read.
        self._reacted: set[int] = set()
        self._max_stars = max_stars

    async def find_by_username(self, username: str) -> Peer:
        """Call contacts.resolveUsername; a bot, a channel or a group raises PeerNotFoundError."""
        try:
            found = await self.session.call(raw.functions.contacts.ResolveUsername(username=username))
        except PeerNotFoundError as error:
            raise PeerNotFoundError(f"@{username}: {error}") from error
        return person_with_username(found.peer, found.users, username)

    async def find_by_phone(self, phone_e164: str) -> Peer:
        """Call contacts.resolvePhone; it does not find people who hide their phone from strangers."""
        try:
            found = await self.session.call(
                raw.functions.contacts.ResolvePhone(phone=phone_e164.removeprefix("+"))
            )
        except PeerNotFoundError as error:
            raise PeerNotFoundError(f"{mask(phone_e164)}: {error}") from error
        return person_with_phone(found.peer, found.users, phone_e164)

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        """Call contacts.importContacts for one person, which saves them in the account's contacts."""
        contact = raw.types.InputPhoneContact(
            client_id=0, phone=phone_e164, first_name=(name or phone_e164)[:MAX_NAME_LENGTH], last_name=""
        )
        imported = await self.session.call(raw.functions.contacts.ImportContacts(contacts=[contact]))
        if imported.imported:
            peer = raw.types.PeerUser(user_id=imported.imported[0].user_id)
            return person_with_phone(peer, imported.users, phone_e164)
        if imported.retry_contacts:
            raise ImportPausedError(IMPORT_PAUSE)
        raise PeerNotFoundError(f"{mask(phone_e164)}: no Telegram account can be found by this phone")

    async def delete_contacts(self, peers: Sequence[Peer]) -> None:
        """Call contacts.deleteContacts."""
        users = [_input_user(peer) for peer in peers]
        await self.session.call(raw.functions.contacts.DeleteContacts(id=users))

    async def check_accepts_messages(self, peer: Peer) -> None:
        """Call users.getRequirementsToContact, which tells of Premium and Stars before a message is sent."""
        query = raw.functions.users.GetRequirementsToContact(id=[_input_user(peer)])
        check_requirement(await self.session.call(query), self._max_stars)

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        """Call messages.sendMessage; if Telegram knows the `random_id`, it already has the message."""
        answer = await self._send_once(_input_peer(peer), text, random_id)
        return Sent(await self._find_sent_id(peer, text) if answer is None else _sent_id(answer))

    async def send_note(self, text: str, random_id: int) -> Sent:
        """Call messages.sendMessage to the account itself."""
        answer = await self._send_once(raw.types.InputPeerSelf(), text, random_id)
        return Sent(None if answer is None else _sent_id(answer))

    async def fetch_profile(self, peer: Peer) -> Sender | None:
        """Call users.getUsers, which counts against no limit of look-ups."""
        return await profiles.fetch_profile(self.session, peer)

    async def show_typing(self, peer: Peer, read_until: int | None = 0) -> None:
        """Call messages.readHistory, then messages.setTyping, which Telegram shows for six seconds.

        Reactions are marked as read, once, by messages.readReactions.
        """
        person = _input_peer(peer)
        if read_until is not None:
            await self.session.call(raw.functions.messages.ReadHistory(peer=person, max_id=read_until))
        action = raw.types.SendMessageTypingAction()
        await self.session.call(raw.functions.messages.SetTyping(peer=person, action=action))
        if peer.user_id in self._reacted:
            self._reacted.discard(peer.user_id)
            self._missed_reactions.forget(peer.user_id)
            await self.session.call(raw.functions.messages.ReadReactions(peer=person))

    async def fetch_incoming(self, message_ids: Sequence[int]) -> Sequence[Incoming]:
        """Call messages.getMessages."""
        return await profiles.fetch_incoming(self.session, message_ids)

    async def fetch_newest_ids(self, since: datetime) -> Mapping[int, int]:
        """Call messages.getDialogs, the latest first, page by page until `since`.

        Reactions that were missed arrive on the way.
        """
        found: dict[int, int] = {}
        offset: dialogs.Page | None = dialogs.FIRST_PAGE
        while offset is not None:
            page = await self.session.call(dialogs.page_query(offset))
            found |= dialogs.newest_ids(page)
            await self._missed_reactions.look(page)
            offset = dialogs.next_page(page, since, offset)
        return found

    async def fetch_history(
        self, peer: Peer, after_id: int, since: datetime | None = None
    ) -> Sequence[Arrival]:
        """Call messages.getHistory, and reverse its order, which is newest first.

        The reactions on message `after_id` itself are returned too: it may be the offer that they answer.
        """
        pages = [await self._history(peer, max(after_id - 1, 0))]
        while since is not None and (before_id := _next_in_history(pages[-1], after_id, since)):
            if len(pages) == _MAX_HISTORY_PAGES:
                log.warning("a chat is not read back to %s: it has too many messages since", since)
                break
            pages.append(await self._history(peer, max(after_id - 1, 0), before_id))
        own_id = self.session.user_id
        return [
            arrival
            for page in reversed(pages)
            for message in reversed(page.messages)
            for arrival in read_message(message, own_id, by_id(page.users))
            if message.id > after_id or isinstance(arrival, Reaction)
        ]

    async def download_voice(self, message_id: int) -> bytes | None:
        """Call messages.getMessages, then upload.getFile."""
        return await voice_download.download(self.session, message_id)

    async def _send_once(self, peer: Any, text: str, random_id: int, stars: int | None = None) -> Any:
        """Return Telegram's answer; None if it already has the message. `stars`: the price to pay."""
        query = raw.functions.messages.SendMessage(
            peer=peer, message=text, random_id=random_id, no_webpage=True, allow_paid_stars=stars
        )
        try:
            return await self.session.call(query)
        except PaymentRequiredError as error:
            # The price is paid if the owner allows it. If it has risen since, the second call raises.
            if stars is not None or not 0 < error.stars <= self._max_stars:
                raise
            return await self._send_once(peer, text, random_id, error.stars)
        except Exception as error:
            # RANDOM_ID_DUPLICATE comes as a 400 and as a 500 (reported); both mean "already sent".
            if isinstance(error.__cause__, errors.RandomIdDuplicate):
                return None
            raise

    async def _find_sent_id(self, peer: Peer, text: str) -> int | None:
        for message in (await self._history(peer, 0)).messages:
            if getattr(message, "out", False) and getattr(message, "message", None) == text:
                return int(message.id)
        return None

    async def _history(self, peer: Peer, after_id: int, before_id: int = 0) -> Any:
        is_own = peer.user_id == self.session.user_id
        return await self.session.call(
            raw.functions.messages.GetHistory(
                peer=raw.types.InputPeerSelf() if is_own else _input_peer(peer),
                offset_id=before_id,
                offset_date=0,
                add_offset=0,
                limit=_HISTORY_LIMIT,
                max_id=0,
                min_id=after_id,
                hash=0,
            )
        )

    def _on_update(self, update: Any, users: Users) -> None:
        for arrival in read_update(update, self.session.user_id, users):
            self._deliver(arrival)

    def _deliver(self, arrival: Arrival) -> None:
        if isinstance(arrival, Reaction) and arrival.emoji:
            self._reacted.add(arrival.user_id)
        self.arrivals.put_nowait(arrival)


def _input_peer(peer: Peer) -> Any:
    return raw.types.InputPeerUser(user_id=peer.user_id, access_hash=peer.access_hash)


def _input_user(peer: Peer) -> Any:
    return raw.types.InputUser(user_id=peer.user_id, access_hash=peer.access_hash)


def _sent_id(answer: Any) -> int | None:
    """Return the message's id from either kind of answer to sendMessage; None if it has none."""
    if isinstance(answer, raw.types.UpdateShortSentMessage):
        return int(answer.id)
    for update in getattr(answer, "updates", ()):
        if isinstance(update, raw.types.UpdateMessageID):
            return int(update.id)
    if isinstance(answer, raw.types.Updates | raw.types.UpdatesCombined):
        return None
    raise TelegramUnavailableError("Telegram's answer to a message was not understood")


def _next_in_history(page: Any, after_id: int, since: datetime) -> int | None:
    """Return the id before which the next page of a chat begins; None if all that is wanted was read."""
    if not page.messages:
        return None
    oldest = page.messages[-1]
    sent_at = getattr(oldest, "date", None)
    is_read = oldest.id <= after_id or (sent_at is not None and sent_at < since.timestamp())
    return None if is_read else int(oldest.id)
