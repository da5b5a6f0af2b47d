"""Executes the owner's commands from Saved Messages once each, and sends the answers there."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import OWNER_MESSAGES, Lead, Message, OwnerMessage
from shared.leads import drafts, handoff, pauses
from shared.leads.handoff import HandoffError
from shared.leads.message_ids import new_random_id
from shared.statuses import LeadStatus
from shared.texts import name_of_status, translate_reason
from worker.domain.backoff import GrowingPause
from worker.domain.telegram_port import Note, SessionRevokedError, Telegram, TelegramError
from worker.notifications import command_parser
from worker.notifications.command_parser import Command
from worker.queue.backlog import count_pending_messages

log = logging.getLogger(__name__)

ACTOR = "owner"
RETRY_SECONDS, MAX_RETRY_SECONDS = 5, 300
_MAX_LISTED_LEADS = 20


async def execute_command(
    session: AsyncSession, account_id: int, note: Note, *, now: datetime, takeover_lasts: timedelta | None
) -> bool:
    """Execute the command in a note and queue the answer, in the caller's transaction.

    Returns True if the note is a command that was not executed before. Telegram may deliver a note twice;
    its message id identifies it. `takeover_lasts`: how long a human keeps the conversation; None: until it
    is given back.
    """
    command = command_parser.parse(note.text, has_more=note.has_more)
    if command is None or not await _record_command(session, account_id, note, now=now):
        return False
    returns_at = now + takeover_lasts if takeover_lasts else None
    key = f"{command.lead}:human:note:{account_id}:{note.message_id}"
    try:
        async with session.begin_nested():
            if command.action == "reply" and note.has_more:
                # The text alone would be only a part of what the owner wants to send.
                reply = await _refuse_attachment(session, command)
            else:
                reply = await _run(session, account_id, command, key=key, now=now, returns_at=returns_at)
    except HandoffError as error:
        reason = translate_reason(command.language, str(error))
        reply = command_parser.render(command.language, "refused", lead=command.lead, reason=reason)
    await _queue_reply(session, account_id, note, reply)
    log.info("a command in Saved Messages: %s %s", command.action, command.lead or "")
    return True


@dataclass(frozen=True)
class OwnerReplySender:
    """Sends queued answers to the owner whenever `wake` is set; waits `retry_seconds` after a
    failure, and longer each time."""

    database: Database
    account_id: int
    telegram: Telegram
    clock: Clock
    wake: asyncio.Event
    retry_seconds: float = RETRY_SECONDS

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
            await self.telegram.send_note(message.text, message.random_id)
            async with self.database.writing() as session:
                # The text may hold personal data: it is not kept once it is sent.
                await session.exec(
                    update(OWNER_MESSAGES)
                    .where(OWNER_MESSAGES.c.id == message.id)
                    .values(sent_at=self.clock(), text="")
                )


async def _run(
    session: AsyncSession,
    account_id: int,
    command: Command,
    *,
    key: str,
    now: datetime,
    returns_at: datetime | None,
) -> str:
    if not command.lead:
        return await _run_without_lead(session, account_id, command, now=now)
    lead = await handoff.lock(session, command.lead)
    if lead is None:
        return command_parser.render(command.language, "unknown", lead=command.lead)
    reply = command_parser.render(command.language, command.action, lead=command.lead)
    if command.action == "approve":
        is_approved = await _approve_draft(session, lead, now=now)
        return reply if is_approved else command_parser.render(command.language, "no_draft", lead=lead.id)
    if command.action == "release":
        await handoff.return_to_assistant(
            session, lead, reason="given back by the owner", actor=ACTOR, now=now
        )
        return reply
    reason = "taken over by the owner"
    await handoff.hand_to_human(session, lead, reason=reason, actor=ACTOR, now=now, returns_at=returns_at)
    if command.action == "reply":
        await handoff.queue_human_message(session, lead, command.text, key=key, now=now)
        return reply
    return f"{reply}\n\n{lead.handoff_summary or ''}".strip()


async def _run_without_lead(
    session: AsyncSession, account_id: int, command: Command, *, now: datetime
) -> str:
    if command.action == "help":
        return command_parser.render(command.language, "help")
    if command.action == "status":
        return await _status(session, account_id, command)
    return await _pause_or_resume(session, command, now=now)


async def _approve_draft(session: AsyncSession, lead: Lead, *, now: datetime) -> bool:
    """Send the lead's draft; returns False if it has none."""
    found = await session.exec(
        select(Message).where(col(Message.lead_id) == lead.id, col(Message.state) == "draft")
    )
    draft = found.first()
    if draft is None:
        return False
    await drafts.approve(session, lead, draft, None, now=now)
    return True


async def _pause_or_resume(session: AsyncSession, command: Command, *, now: datetime) -> str:
    if command.action == "resume":
        was_paused = await pauses.end(session, now=now)
        return command_parser.render(command.language, "resume" if was_paused else "no_pause")
    scope: pauses.Scope = "all" if command.action == "pause_all" else "first_messages"
    await pauses.begin(session, scope, actor=ACTOR, now=now)
    return command_parser.render(command.language, command.action)


async def _refuse_attachment(session: AsyncSession, command: Command) -> str:
    is_known = await handoff.lock(session, command.lead) is not None
    return command_parser.render(command.language, "not_text" if is_known else "unknown", lead=command.lead)


async def _status(session: AsyncSession, account_id: int, command: Command) -> str:
    counted = await session.exec(select(Lead.status, func.count()).group_by(col(Lead.status)))
    leads = ", ".join(
        f"{name_of_status(command.language, status)} {count}" for status, count in sorted(counted.all())
    )
    taken = await session.exec(
        select(Lead.id)
        .where(col(Lead.status) == LeadStatus.HANDED_OFF)
        .order_by(col(Lead.id).desc())
        .limit(_MAX_LISTED_LEADS)
    )
    lead_ids = ", ".join(str(lead_id) for lead_id in taken.all())
    queued, unanswered = await count_pending_messages(session, col(Message.account_id) == account_id)
    none = command_parser.render(command.language, "none")
    pause = await pauses.current(session)
    paused = {None: "", "all": "paused_all"}.get(pause.scope if pause else None, "paused")
    figures = command_parser.render(
        command.language,
        "status",
        leads=leads or none,
        taken=lead_ids or none,
        queued=queued,
        unanswered=unanswered,
    )
    return f"{command_parser.render(command.language, paused)}\n{figures}" if paused else figures


async def _record_command(session: AsyncSession, account_id: int, note: Note, *, now: datetime) -> bool:
    stored = await session.exec(
        insert_for(session, OwnerMessage)
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


async def _queue_reply(session: AsyncSession, account_id: int, note: Note, reply: str) -> None:
    await session.exec(
        update(OWNER_MESSAGES)
        .where(OWNER_MESSAGES.c.account_id == account_id, OWNER_MESSAGES.c.answers == note.message_id)
        .values(text=reply)
    )
