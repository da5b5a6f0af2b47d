"""The owner's own Saved Messages: commands are done once and answered there."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead, Message, OwnerMessage
from shared.leads import handoff
from shared.leads.handoff import HandoffError
from shared.leads.message_ids import new_random_id
from shared.statuses import LeadStatus
from worker.domain.telegram_port import Note, SessionRevokedError, Telegram, TelegramError
from worker.notifications import command_parser
from worker.notifications.command_parser import Command
from worker.queue import leases

log = logging.getLogger(__name__)

ACTOR = "owner"
PAUSE_SECONDS = 5
_MOST_NAMED = 20


async def execute_command(
    session: AsyncSession, account_id: int, note: Note, *, now: datetime, takeover_lasts: timedelta | None
) -> bool:
    """Do what a note asks and queue the answer, in the caller's transaction; says if there was anything.

    Telegram tells of a note more than once: what was done is known by the note's number.
    """
    command = command_parser.parse(note.text)
    if command is None or not await _is_new(session, account_id, note, now=now):
        return False
    returns_at = now + takeover_lasts if takeover_lasts else None
    key = f"{command.lead}:human:note:{account_id}:{note.message_id}"
    try:
        async with session.begin_nested():
            said = await _do(session, account_id, command, key=key, now=now, returns_at=returns_at)
    except HandoffError as refusal:
        said = command_parser.render(command.language, "refused", lead=command.lead, why=refusal)
    await _answer(session, account_id, note, said)
    log.info("a command in Saved Messages: %s %s", command.act, command.lead or "")
    return True


@dataclass(frozen=True)
class OwnerReplySender:
    """Sends what is queued for the owner, whenever `wake` is set; `pause`: seconds after a failure."""

    database: Database
    account_id: int
    telegram: Telegram
    clock: Clock
    wake: asyncio.Event
    pause: float = PAUSE_SECONDS

    async def run(self) -> None:
        """Send until cancelled; what is left over from an earlier life goes first."""
        while True:
            self.wake.clear()
            try:
                await self._send_all()
            except SessionRevokedError:
                raise
            except (TelegramError, *DATABASE_DOWN) as error:
                log.warning("the owner is answered later: %s", error if str(error) else type(error).__name__)
                await asyncio.sleep(self.pause)
                continue
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
            await self.telegram.note(message.text, message.random_id)
            async with self.database.writing() as session:
                # It may tell of people: once it is there, it is not kept here.
                await session.exec(
                    update(OwnerMessage)
                    .where(col(OwnerMessage.id) == message.id)
                    .values(sent_at=self.clock(), text="")
                )


async def _do(
    session: AsyncSession,
    account_id: int,
    command: Command,
    *,
    key: str,
    now: datetime,
    returns_at: datetime | None,
) -> str:
    if command.act == "help":
        return command_parser.render(command.language, "help")
    if command.act == "status":
        return await _status(session, account_id, command)
    lead = await handoff.lock(session, command.lead)
    if lead is None:
        return command_parser.render(command.language, "unknown", lead=command.lead)
    said = command_parser.render(command.language, command.act, lead=command.lead)
    if command.act == "release":
        await handoff.return_to_assistant(
            session, lead, reason="given back by the owner", actor=ACTOR, now=now
        )
        return said
    reason = "taken over by the owner"
    await handoff.hand_to_human(session, lead, reason=reason, actor=ACTOR, now=now, returns_at=returns_at)
    if command.act == "reply":
        await handoff.queue_human_message(session, lead, command.text, key=key, now=now)
        return said
    return f"{said}\n\n{lead.handoff_summary or ''}".strip()


async def _status(session: AsyncSession, account_id: int, command: Command) -> str:
    counted = await session.exec(select(Lead.status, func.count()).group_by(col(Lead.status)))
    leads = ", ".join(f"{status} {count}" for status, count in sorted(counted.all()))
    taken = await session.exec(
        select(Lead.id)
        .where(col(Lead.status) == LeadStatus.HANDED_OFF)
        .order_by(col(Lead.id).desc())
        .limit(_MOST_NAMED)
    )
    numbers = ", ".join(str(number) for number in taken.all())
    queued, unanswered = await leases.count_pending_messages(session, col(Message.account_id) == account_id)
    nobody = command_parser.render(command.language, "nobody")
    return command_parser.render(
        command.language,
        "status",
        leads=leads or nobody,
        taken=numbers or nobody,
        queued=queued,
        unanswered=unanswered,
    )


async def _is_new(session: AsyncSession, account_id: int, note: Note, *, now: datetime) -> bool:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    stored = await session.exec(
        insert(OwnerMessage)
        .values(
            account_id=account_id,
            answers=note.message_id,
            text="",
            random_id=new_random_id(),
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["account_id", "answers"])
        .returning(col(OwnerMessage.id))
    )
    return stored.first() is not None


async def _answer(session: AsyncSession, account_id: int, note: Note, said: str) -> None:
    await session.exec(
        update(OwnerMessage)
        .where(col(OwnerMessage.account_id) == account_id, col(OwnerMessage.answers) == note.message_id)
        .values(text=said)
        .execution_options(synchronize_session=False)
    )
