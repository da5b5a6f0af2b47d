"""The Telegram port over a session: people, messages, and what arrives."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pyrogram import errors, raw

from shared.logging_setup import mask
from worker.domain.telegram_port import (
    Arrival,
    Deleted,
    FloodGate,
    ImportPausedError,
    Incoming,
    Note,
    Outgoing,
    PaymentRequiredError,
    Peer,
    PeerNotFoundError,
    Sent,
    TelegramUnavailableError,
)
from worker.settings import TelegramSettings
from worker.telegram import dialogs, voice_download
from worker.telegram.contact_requirements import requirement
from worker.telegram.media import describe
from worker.telegram.session import USUAL_PATIENCE, Patience, TelegramSession

_HISTORY = 100
LONGEST_NAME = 64
# `retry_contacts` says nothing of the person, only that this account imports too much: hours, not minutes.
IMPORT_PAUSE = timedelta(hours=6)


class TelegramAccount:
    """Implements worker.domain.telegram_port.Telegram; `arrivals` holds what is said in its chats, in order.

    `gate`: what is to be left alone; `most_stars`: most Telegram Stars to pay for a message.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        patience: Patience = USUAL_PATIENCE,
        *,
        gate: FloodGate | None = None,
        most_stars: int = 0,
    ) -> None:
        self.arrivals: asyncio.Queue[Arrival] = asyncio.Queue()
        self.session = TelegramSession(settings, self._on_update, patience, gate)
        self._most_stars = most_stars

    async def find_by_username(self, username: str) -> Peer:
        """contacts.resolveUsername; a bot, a channel or a group is nobody."""
        try:
            found = await self.session.call(raw.functions.contacts.ResolveUsername(username=username))
        except PeerNotFoundError as nobody:
            raise PeerNotFoundError(f"@{username}: {nobody}") from nobody
        return _person(found.peer, found.users, f"@{username}")

    async def find_by_phone(self, phone_e164: str) -> Peer:
        """contacts.resolvePhone; those who hide their phone from strangers are not found."""
        try:
            found = await self.session.call(
                raw.functions.contacts.ResolvePhone(phone=phone_e164.removeprefix("+"))
            )
        except PeerNotFoundError as nobody:
            raise PeerNotFoundError(f"{mask(phone_e164)}: {nobody}") from nobody
        return _person(found.peer, found.users, mask(phone_e164))

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        """contacts.importContacts, one at a time, which saves the person in the account's contacts."""
        contact = raw.types.InputPhoneContact(
            client_id=0, phone=phone_e164, first_name=(name or phone_e164)[:LONGEST_NAME], last_name=""
        )
        imported = await self.session.call(raw.functions.contacts.ImportContacts(contacts=[contact]))
        if imported.imported:
            peer = raw.types.PeerUser(user_id=imported.imported[0].user_id)
            return _person(peer, imported.users, mask(phone_e164))
        if imported.retry_contacts:
            raise ImportPausedError(IMPORT_PAUSE)
        raise PeerNotFoundError(f"{mask(phone_e164)}: no Telegram account can be found by this phone")

    async def drop_contacts(self, peers: Sequence[Peer]) -> None:
        """contacts.deleteContacts."""
        users = [_input_user(peer) for peer in peers]
        await self.session.call(raw.functions.contacts.DeleteContacts(id=users))

    async def check_open(self, peer: Peer) -> None:
        """users.getRequirementsToContact: Premium and Stars show before a message is written."""
        query = raw.functions.users.GetRequirementsToContact(id=[_input_user(peer)])
        requirement(await self.session.call(query), self._most_stars)

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        """messages.sendMessage under our own random_id; a repeat of it means that Telegram has it."""
        answer = await self._send_once(_input_peer(peer), text, random_id)
        return Sent(await self._find_own(peer, text) if answer is None else _sent_id(answer))

    async def note(self, text: str, random_id: int) -> None:
        """The same to the account itself."""
        await self._send_once(raw.types.InputPeerSelf(), text, random_id)

    async def show_typing(self, peer: Peer) -> None:
        """messages.readHistory, then messages.setTyping, which Telegram shows for six seconds."""
        person = _input_peer(peer)
        await self.session.call(raw.functions.messages.ReadHistory(peer=person, max_id=0))
        action = raw.types.SendMessageTypingAction()
        await self.session.call(raw.functions.messages.SetTyping(peer=person, action=action))

    async def newest(self, since: datetime) -> Mapping[int, int]:
        """messages.getDialogs, the latest first, page by page until `since`."""
        found: dict[int, int] = {}
        offset: dialogs.Page | None = dialogs.FIRST_PAGE
        while offset is not None:
            page = await self.session.call(dialogs.query(offset))
            found |= dialogs.newest(page)
            offset = dialogs.next_page(page, since)
        return found

    async def history(self, peer: Peer, after_id: int) -> Sequence[Arrival]:
        """messages.getHistory, newest first, turned round."""
        answer = await self._history(peer, after_id)
        written = (_arrival(message, self.session.user_id) for message in reversed(answer))
        return [message for message in written if message is not None]

    async def voice(self, message_id: int) -> bytes | None:
        """messages.getMessages, then upload.getFile."""
        return await voice_download.fetch(self.session, message_id)

    async def _send_once(self, peer: Any, text: str, random_id: int, stars: int | None = None) -> Any:
        """Telegram's answer; None if it has the message already. `stars`: what is paid for it."""
        query = raw.functions.messages.SendMessage(
            peer=peer, message=text, random_id=random_id, no_webpage=True, allow_paid_stars=stars
        )
        try:
            return await self.session.call(query)
        except PaymentRequiredError as error:
            # Told the price, we pay it if the owner allows so much; a price that has risen since is refused.
            if stars is not None or not 0 < error.stars <= self._most_stars:
                raise
            return await self._send_once(peer, text, random_id, error.stars)
        except Exception as error:
            # RANDOM_ID_DUPLICATE comes as a 400 and as a 500 (reported); both say "already sent".
            if isinstance(error.__cause__, errors.RandomIdDuplicate):
                return None
            raise

    async def _find_own(self, peer: Peer, text: str) -> int | None:
        for message in await self._history(peer, 0):
            if getattr(message, "out", False) and getattr(message, "message", None) == text:
                return int(message.id)
        return None

    async def _history(self, peer: Peer, after_id: int) -> list[Any]:
        answer = await self.session.call(
            raw.functions.messages.GetHistory(
                peer=_input_peer(peer),
                offset_id=0,
                offset_date=0,
                add_offset=0,
                limit=_HISTORY,
                max_id=0,
                min_id=after_id,
                hash=0,
            )
        )
        return list(answer.messages)

    def _on_update(self, update: Any) -> None:
        # Groups and channels number their messages apart, and have updates of their own.
        if isinstance(update, raw.types.UpdateDeleteMessages):
            self.arrivals.put_nowait(Deleted(tuple(update.messages)))
        if isinstance(update, raw.types.UpdateNewMessage | raw.types.UpdateEditMessage):
            edited = isinstance(update, raw.types.UpdateEditMessage)
            arrival = _arrival(update.message, self.session.user_id, edited=edited)
            if arrival is not None:
                self.arrivals.put_nowait(arrival)


def _input_peer(peer: Peer) -> Any:
    return raw.types.InputPeerUser(user_id=peer.user_id, access_hash=peer.access_hash)


def _input_user(peer: Peer) -> Any:
    return raw.types.InputUser(user_id=peer.user_id, access_hash=peer.access_hash)


def _person(peer: Any, users: list[Any], label: str) -> Peer:
    """The person whom Telegram named; raises NobodyThereError for what is no person to write to."""
    if not isinstance(peer, raw.types.PeerUser):
        raise PeerNotFoundError(f"{label}: this is a group or a channel, not a person")
    user = next((user for user in users if user.id == peer.user_id), None)
    if user is None or user.access_hash is None:
        raise PeerNotFoundError(f"{label}: Telegram does not let this account see the person")
    for is_so, what in (
        (user.bot, "a bot, not a person"),
        (user.deleted, "a deleted account"),
        (user.is_self, "this very account"),
    ):
        if is_so:
            raise PeerNotFoundError(f"{label}: this is {what}")
    return Peer(user.id, user.access_hash)


def _sent_id(answer: Any) -> int | None:
    """The message's id from either of sendMessage's answers."""
    if isinstance(answer, raw.types.UpdateShortSentMessage):
        return int(answer.id)
    for update in getattr(answer, "updates", ()):
        if isinstance(update, raw.types.UpdateMessageID):
            return int(update.id)
    if isinstance(answer, raw.types.Updates | raw.types.UpdatesCombined):
        return None
    raise TelegramUnavailableError("Telegram's answer to a message was not understood")


def _arrival(message: Any, own_id: int, *, edited: bool = False) -> Arrival | None:
    """A message in a private chat; None for groups, service messages, and edits of our own."""
    if not isinstance(message, raw.types.Message) or not isinstance(message.peer_id, raw.types.PeerUser):
        return None
    user_id, sent_at = message.peer_id.user_id, datetime.fromtimestamp(message.date, UTC)
    if user_id == own_id:
        # What was forwarded there is somebody else's.
        is_command = not edited and message.fwd_from is None
        return Note(message.id, message.message or "") if is_command else None
    if not message.out:
        return Incoming(user_id, message.id, describe(message), sent_at, edited)
    # Telegram itself writes away and greeting messages in a business account's name.
    if edited or message.offline:
        return None
    return Outgoing(user_id, message.id, describe(message), sent_at)
