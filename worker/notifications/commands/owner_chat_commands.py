"""The commands of OWNER_CHAT: which messages are the owner's, and which of them are executed."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import Database, retry_while_database_down
from shared.database.models import Lead, OwnerIdentity
from shared.translations import Language
from worker.domain import identity
from worker.domain.owner_port import FORGOTTEN_AFTER, OwnerWords
from worker.domain.telegram_port import Incoming, Note, Peer, Sender
from worker.notifications.commands import command_parser, notice_replies, owner_commands, owner_identity
from worker.notifications.commands.owner_identity import OwnerWarning

log = logging.getLogger(__name__)

DATABASE_PAUSE_SECONDS = 1


@dataclass(frozen=True)
class OwnerChatCommands:
    """Executes the commands in OWNER_CHAT, of the user whom `username` led to first; see `OwnerPort`.

    `takeover_lasts`, `language`, `zone`: see `owner_commands.execute_command`.
    """

    database: Database
    account_id: int
    clock: Clock
    username: str
    takeover_lasts: timedelta | None
    language: Language
    zone: tzinfo

    async def find_owner(self) -> tuple[Peer, datetime] | None:
        """Return the owner, and since when they are known; None if they are not known yet."""
        async with self.database.reading() as session:
            known = await owner_identity.find(session, self.account_id, self.username)
        if known is None or known.access_hash is None:
            return None
        return Peer(known.user_id, known.access_hash), known.since

    async def execute(self, message: Incoming) -> OwnerWords:
        """Execute the message if it is the owner's command. Waits while the database is away."""
        note, sender = message.note, message.sender
        if note is None or sender is None or not sender.is_person:
            return "other"
        if not identity.has_username(sender, self.username) and not _may_be_command(note):
            return "other"
        try:
            return await retry_while_database_down(
                lambda: self._execute_once(note, sender, message.sent_at),
                pause=DATABASE_PAUSE_SECONDS,
                what="execute a command of the owner",
            )
        except Exception:
            log.exception("a command of the owner could not be executed")
            return "other"

    async def _execute_once(self, note: Note, sender: Sender, sent_at: datetime) -> OwnerWords:
        if not identity.has_username(sender, self.username):
            async with self.database.reading() as session:
                known = await owner_identity.find(session, self.account_id, self.username)
            if known is None or known.user_id != sender.user_id:
                return "other"
        async with self.database.writing() as session:
            owner = await owner_identity.find_or_remember(
                session, self.account_id, self.username, sender, now=self.clock(), wrote_at=sent_at
            )
            if (warning := self._warning(owner, sender)) is not None:
                await owner_identity.warn(session, self.account_id, self.language, warning, now=self.clock())
                return "refused"
            return await self._execute_in(session, note, sender, sent_at, owner.since)

    def _warning(self, owner: OwnerIdentity, sender: Sender) -> OwnerWarning | None:
        """Return why the sender may not command; None if they have the owner's id and username."""
        if owner.user_id != sender.user_id:
            return OwnerWarning("owner_moved", self.username, sender.user_id)
        if not identity.has_username(sender, self.username):
            return OwnerWarning("owner_renamed", self.username, sender.user_id)
        return None

    async def _execute_in(
        self, session: AsyncSession, note: Note, sender: Sender, sent_at: datetime, since: datetime
    ) -> OwnerWords:
        now = self.clock()
        if await owner_commands.is_executed(session, self.account_id, note.message_id):
            return "command"
        if sent_at < now - FORGOTTEN_AFTER or not await self._is_command(session, note, sender):
            return "other"
        is_command = await owner_commands.execute_command(
            session,
            self.account_id,
            note,
            now=now,
            takeover_lasts=self.takeover_lasts,
            language=self.language,
            in_owner_chat=True,
            since=since,
            zone=self.zone,
        )
        return "command" if is_command else "other"

    async def _is_command(self, session: AsyncSession, note: Note, sender: Sender) -> bool:
        """Return False for words that may answer the assistant: an owner may test the own form.

        Then words that do not reply to our messages are a command only if it is beyond doubt.
        """
        if note.reply_to is not None and await notice_replies.is_about_leads(
            session, self.account_id, note.reply_to
        ):
            return True
        if command_parser.is_numbered_command(note.text):
            return True
        is_lead = select(Lead.id).where(
            col(Lead.account_id) == self.account_id, col(Lead.telegram_user_id) == sender.user_id
        )
        return (await session.exec(is_lead.limit(1))).first() is None


def _may_be_command(note: Note) -> bool:
    return note.reply_to is not None or command_parser.parse(note.text) is not None
