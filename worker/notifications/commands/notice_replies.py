"""Replies to the bot's messages about leads: which lead a reply is about, and which command it is."""

import re
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import OWNER_NOTICES, OwnerNotice
from shared.translations import Language
from worker.domain.telegram_port import Note
from worker.notifications.commands import command_parser
from worker.notifications.commands.command_parser import Command

# Notices of an open question: any words are the answer to it.
_QUESTION = "question:"
_LEAD = re.compile(r"(?:Лид|Lead)\s+(\d+)")
_MAX_LISTED = 10


@dataclass(frozen=True)
class AnsweredMessage:
    """A message of ours to the owner. `leads`: the leads it tells of; `asks`: it has a person's question."""

    leads: tuple[int, ...]
    asks: bool


async def read_command(
    session: AsyncSession, account_id: int, note: Note, language: Language
) -> Command | None:
    """Return the command of the owner's words; without a number they are about the lead they reply to."""
    command = command_parser.parse(note.text, has_more=note.has_more)
    if command is not None or note.reply_to is None:
        return command
    answered = await _answered(session, account_id, note.reply_to)
    if answered is None:
        return None
    leads = _quoted(note.quote, answered.leads) or answered.leads
    if len(leads) == 1:
        return command_parser.parse_reply(
            note.text, leads[0], language, has_more=note.has_more, asks=answered.asks
        )
    if leads:
        return Command("which", 0, ", ".join(map(str, leads[:_MAX_LISTED])), language)
    # Other words may be a remark about a summary.
    is_command = command_parser.is_lead_command(note.text)
    return Command("no_lead", 0, "", language) if is_command else None


async def is_about_leads(session: AsyncSession, account_id: int, message_id: int) -> bool:
    """Return True if a message of ours has this id: a reply to it is meant for us."""
    return await _answered(session, account_id, message_id) is not None


async def record_message_id(session: AsyncSession, random_id: int, message_id: int | None) -> None:
    """Store the Telegram id of a message to the owner, so that replies to it are understood."""
    await session.exec(
        update(OWNER_NOTICES).where(OWNER_NOTICES.c.random_id == random_id).values(message_id=message_id)
    )


async def remember_answer(
    session: AsyncSession, account_id: int, random_id: int, lead_id: int, *, key: str
) -> None:
    """Remember which lead an answer to a command is about, so that it can be replied to as well."""
    # Without `sent_at` it does not count as one of the hour's notices.
    session.add(
        OwnerNotice(
            key=key, text="", account_id=account_id, lead_id=lead_id, state="sent", random_id=random_id
        )
    )
    await session.flush()


async def _answered(session: AsyncSession, account_id: int, message_id: int) -> AnsweredMessage | None:
    rows = await session.exec(
        select(OwnerNotice.key, OwnerNotice.lead_id)
        .where(col(OwnerNotice.account_id) == account_id, col(OwnerNotice.message_id) == message_id)
        .order_by(col(OwnerNotice.id))
    )
    found = rows.all()
    if not found:
        return None
    leads = tuple(sorted({lead for _, lead in found if lead is not None}))
    return AnsweredMessage(leads, any(key.startswith(_QUESTION) for key, _ in found))


def _quoted(quote: str, leads: tuple[int, ...]) -> tuple[int, ...]:
    """Return those of the leads that the quoted words name."""
    named = {int(number) for number in _LEAD.findall(quote)}
    return tuple(lead for lead in leads if lead in named)
