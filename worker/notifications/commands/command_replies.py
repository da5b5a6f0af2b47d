"""Sends the answers to the owner's commands."""

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col, select

from shared.backoff import GrowingPause
from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import OWNER_MESSAGES, OwnerMessage
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerNotFoundError,
    Sent,
    SessionRevokedError,
    Telegram,
    TelegramError,
)
from worker.notifications.commands import notice_replies
from worker.notifications.commands.owner_chat import OwnerChat

log = logging.getLogger(__name__)

RETRY_SECONDS, MAX_RETRY_SECONDS = 5, 300


@dataclass(frozen=True)
class OwnerReplySender:
    """Sends queued answers to the owner whenever `wake` is set; waits `retry_seconds` after a
    failure, and longer each time. `owner_chat`: where answers to commands in OWNER_CHAT go."""

    database: Database
    account_id: int
    telegram: Telegram
    clock: Clock
    wake: asyncio.Event
    retry_seconds: float = RETRY_SECONDS
    owner_chat: OwnerChat | None = None

    async def run(self) -> None:
        """Send until cancelled, first what an earlier run left unsent; raises SessionRevokedError."""
        pause = GrowingPause(base=self.retry_seconds, maximum=MAX_RETRY_SECONDS)
        while True:
            self.wake.clear()
            try:
                await self._send_all()
            except SessionRevokedError:
                raise
            except (TelegramError, *DATABASE_DOWN) as error:
                log.warning(
                    "answers to the owner are delayed: %s", error if str(error) else type(error).__name__
                )
                await asyncio.sleep(pause.failed())
                continue
            pause.succeeded()
            await self.wake.wait()

    async def _send_all(self) -> None:
        async with self.database.reading() as session:
            queued = await session.exec(
                select(OwnerMessage)
                .where(col(OwnerMessage.account_id) == self.account_id, col(OwnerMessage.sent_at).is_(None))
                .order_by(col(OwnerMessage.id))
            )
            messages = queued.all()
        for message in messages:
            sent = await self._send(message)
            async with self.database.writing() as session:
                await notice_replies.record_message_id(session, message.random_id, sent.message_id)
                # The text may hold personal data: it is not kept once it is sent.
                await session.exec(
                    update(OWNER_MESSAGES)
                    .where(OWNER_MESSAGES.c.id == message.id)
                    .values(sent_at=self.clock(), text="")
                )

    async def _send(self, message: OwnerMessage) -> Sent:
        if message.in_owner_chat and self.owner_chat is not None:
            try:
                return await self.owner_chat.send(message.text, message.random_id)
            except (PeerNotFoundError, CannotWriteError) as error:
                log.error("OWNER_CHAT cannot be written to: %s", error)
        return await self.telegram.send_note(message.text, message.random_id)
