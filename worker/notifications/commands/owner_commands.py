"""Executes the owner's commands once each, and sends the answers to where they were written."""

import logging
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.engine import DATABASE_DOWN
from shared.database.models import OWNER_MESSAGES, Lead, Message, OwnerMessage
from shared.leads import drafts, handoff, pauses
from shared.leads.handoff import HandoffError
from shared.leads.message_ids import new_random_id
from shared.statuses import LeadStatus
from shared.translations import Language, name_of_status, translate_reason, translate_summary
from worker.domain.telegram_port import Note
from worker.notifications.commands import command_parser, meetings, notice_replies, owner_identity
from worker.notifications.commands.command_parser import Command
from worker.queue.backlog import count_pending_messages

log = logging.getLogger(__name__)

ACTOR = "owner"
_MAX_LISTED_LEADS = 20
_MAX_QUOTE = 60
# An older command, also words for a person, is not executed: much may have happened since.
COMMANDS_FOR = timedelta(days=1)


async def execute_command(  # noqa: PLR0913 - what the owner has set
    session: AsyncSession,
    account_id: int,
    note: Note,
    *,
    now: datetime,
    takeover_lasts: timedelta | None,
    language: Language = "ru",
    in_owner_chat: bool = False,
    since: datetime | None = None,
    zone: tzinfo = UTC,
) -> bool:
    """Execute the command in the owner's words and queue the answer, in the caller's transaction.

    Returns True if it is a command that was not executed before. Telegram may deliver a message twice; its
    id identifies it. `takeover_lasts`: how long a human keeps the conversation; None: until it is given back.
    `language`: of the answers to words that have none, such as an emoji. `since`: only later commands are
    executed. `zone`: of the owner's times.
    """
    command = await notice_replies.read_command(session, account_id, note, language)
    if command is None:
        return False
    random_id = await _record_command(session, account_id, note, now=now, in_owner_chat=in_owner_chat)
    if random_id is None:
        return False
    earliest = max(now - COMMANDS_FOR, since or now - COMMANDS_FOR)
    if await _is_too_late(session, account_id, note, earliest, in_owner_chat=in_owner_chat):
        reply = command_parser.render(command.language, "too_late", text=_quote(note))
    else:
        returns_at = now + takeover_lasts if takeover_lasts else None
        reply = await _run_safely(
            session, account_id, command, note, now=now, returns_at=returns_at, zone=zone
        )
    await _queue_reply(session, account_id, note, reply)
    if command.lead and await session.get(Lead, command.lead) is not None:
        answer = f"answer:{account_id}:{note.message_id}"
        await notice_replies.remember_answer(session, account_id, random_id, command.lead, key=answer)
    log.info("a command of the owner: %s %s", command.action, command.lead or "")
    return True


async def is_executed(session: AsyncSession, account_id: int, message_id: int) -> bool:
    """Return True if the message with this id was a command that has been executed."""
    found = await session.exec(
        select(OwnerMessage.id).where(
            col(OwnerMessage.account_id) == account_id, col(OwnerMessage.answers) == message_id
        )
    )
    return found.first() is not None


async def _run_safely(
    session: AsyncSession,
    account_id: int,
    command: Command,
    note: Note,
    *,
    now: datetime,
    returns_at: datetime | None,
    zone: tzinfo,
) -> str:
    """Run the command; returns the answer, also to one that fails. Raises only if the database is away."""
    try:
        async with session.begin_nested():
            if command.action == "reply" and note.has_more:
                # The text alone would be only a part of what the owner wants to send.
                return await _refuse_attachment(session, command)
            return await _run(session, account_id, command, note, now=now, returns_at=returns_at, zone=zone)
    except HandoffError as error:
        reason = translate_reason(command.language, str(error))
        return command_parser.render(command.language, "refused", lead=command.lead, reason=reason)
    except DATABASE_DOWN:
        raise
    except Exception:
        log.exception("a command of the owner failed: %s %s", command.action, command.lead or "")
        return command_parser.render(command.language, "failed", text=_quote(note))


async def _is_too_late(
    session: AsyncSession, account_id: int, note: Note, since: datetime, *, in_owner_chat: bool
) -> bool:
    """Return True for a command not after `since`, or one that comes after a newer one of its chat."""
    if note.sent_at is not None and note.sent_at <= since:
        return True
    newer = await session.exec(
        select(OwnerMessage.id)
        .where(
            col(OwnerMessage.account_id) == account_id,
            col(OwnerMessage.answers) > note.message_id,
            col(OwnerMessage.in_owner_chat) == in_owner_chat,
        )
        .limit(1)
    )
    return newer.first() is not None


def _quote(note: Note) -> str:
    """Return the beginning of the words, without what a database may refuse."""
    storable = note.text.encode("utf-8", "replace").decode().replace("\0", "")
    words = " ".join(storable.split())
    return words if len(words) <= _MAX_QUOTE else f"{words[: _MAX_QUOTE - 1]}…"


async def _run(
    session: AsyncSession,
    account_id: int,
    command: Command,
    note: Note,
    *,
    now: datetime,
    returns_at: datetime | None,
    zone: tzinfo,
) -> str:
    if not command.lead:
        return await _run_without_lead(session, account_id, command, note, now=now)
    lead = await handoff.lock(session, command.lead)
    if lead is None:
        return command_parser.render(command.language, "unknown", lead=command.lead)
    reply = command_parser.render(command.language, command.action, lead=command.lead, text=command.text)
    if command.action == "approve" and not await _approve_draft(session, lead, now=now):
        reply = command_parser.render(command.language, "no_draft", lead=lead.id)
    if command.action in {"booked", "not_booked"}:
        reply = await meetings.book(session, lead, command, now=now, zone=zone)
    if command.action in {"unclear", "approve", "booked", "not_booked"}:
        return reply
    if command.action == "release":
        await handoff.return_to_assistant(
            session, lead, reason="given back by the owner", actor=ACTOR, now=now
        )
        return reply
    reason = "taken over by the owner"
    await handoff.hand_to_human(session, lead, reason=reason, actor=ACTOR, now=now, returns_at=returns_at)
    if command.action == "reply":
        key = f"{lead.id}:human:note:{account_id}:{note.message_id}"
        await handoff.queue_human_message(session, lead, command.text, key=key, now=now)
        return reply
    return f"{reply}\n\n{translate_summary(command.language, lead.handoff_summary)}".strip()


async def _run_without_lead(
    session: AsyncSession, account_id: int, command: Command, note: Note, *, now: datetime
) -> str:
    if command.action in {"help", "which", "no_lead"}:
        return command_parser.render(command.language, command.action, text=command.text)
    if command.action == "owner":
        await owner_identity.forget(session, account_id, since=note.sent_at or now)
        return command_parser.render(command.language, "owner")
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


async def _record_command(
    session: AsyncSession, account_id: int, note: Note, *, now: datetime, in_owner_chat: bool
) -> int | None:
    """Store that the command is executed; returns the `random_id` of its answer, None if it was before."""
    stored = await session.exec(
        insert_for(session, OwnerMessage)
        .values(
            account_id=account_id,
            answers=note.message_id,
            text="",
            in_owner_chat=in_owner_chat,
            random_id=new_random_id(),
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["account_id", "answers"])
        .returning(col(OwnerMessage.random_id))
    )
    # Statements of the bulk package return rows.
    row = stored.first()
    return row[0] if row is not None else None


async def _queue_reply(session: AsyncSession, account_id: int, note: Note, reply: str) -> None:
    await session.exec(
        update(OWNER_MESSAGES)
        .where(OWNER_MESSAGES.c.account_id == account_id, OWNER_MESSAGES.c.answers == note.message_id)
        .values(text=reply)
    )
