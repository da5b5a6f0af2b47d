"""Stores what people change in messages that they have sent: other words are words to answer."""

import hashlib
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from unicodedata import category

from sqlalchemy import ColumnElement, update
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import MESSAGES, Lead, Message
from shared.statuses import LeadStatus
from worker.domain import content_markers
from worker.domain.telegram_port import Incoming
from worker.domain.wording.links import contains_link
from worker.domain.wording.times import names_time

_TOKEN = re.compile(r"\w+|[^\w\s]")
# A letter may turn a text with one of these round: «не пишете» and «не пишите».
_REFUSING = frozenset(
    {"не", "нет", "ни", "без", "стоп", "хватит", "no", "not", "nor", "t", "stop", "never", "without"}
)
# A shorter word is another word with one letter more: «да» and «дай».
_SHORTEST_TYPO = 4
# In a key, between the lead and the id of the message that was edited.
_EDIT = ":edit:"


async def store(
    session: AsyncSession, lead: Lead, account_id: int, incoming: Incoming, *, now: datetime
) -> bool:
    """Store the new text of a message; returns True if it holds words that need an answer.

    The text of an unanswered message is replaced. Other words in a message that is answered, or is being
    answered, become a message of the locked `lead`, marked `[edited]`: each edit once. A corrected letter
    only replaces the text, unless it may be of a time or a contact. An edit of an unknown message is ignored.
    """
    version = await _newest_version(session, lead, account_id, incoming)
    if version is None:
        return False
    is_unanswered = version.state == "received" and lead.leased_by is None
    earlier = _newest_words(version.text)
    before, after = _tokens(earlier), _tokens(incoming.text)
    has_facts = _names_fact(earlier) or _names_fact(incoming.text)
    is_correction = not has_facts and _is_correction(before, after)
    if is_unanswered or (after and before != after and is_correction):
        await _replace(session, version, incoming)
        return False
    # Without words: a live place moves, tasks are ticked off, a poll gets votes.
    if not after or before == after or version.state == "deleted":
        return False
    return await _add(session, lead, account_id, incoming, now=now)


def message_key(lead_id: int, incoming: Incoming) -> str:
    """Return the key of the message that an edit becomes: the same edit may arrive again."""
    digest = hashlib.sha256(incoming.text.encode()).hexdigest()[:16]
    at = int(incoming.edited_at.timestamp()) if incoming.edited_at else 0
    return f"{lead_id}{_EDIT}{incoming.message_id}:{at}-{digest}"


async def find_edits_of(
    session: AsyncSession, account_id: int, telegram_message_ids: Collection[int]
) -> Sequence[int]:
    """Return the ids of the unanswered messages that hold new words of these messages."""
    rows = await session.exec(
        select(Message.id, Message.key).where(
            col(Message.account_id) == account_id,
            col(Message.state) == "received",
            col(Message.key).contains(_EDIT),
        )
    )
    # In Python: a condition for each id would be too many for a database.
    numbers = {str(number) for number in telegram_message_ids}
    return [row_id for row_id, key in rows if _edited_number(key) in numbers]


def _edited_number(key: str | None) -> str:
    return (key or "").partition(_EDIT)[2].partition(":")[0]


def _is_edit_of(telegram_message_id: int) -> ColumnElement[bool]:
    return MESSAGES.c.key.contains(f"{_EDIT}{telegram_message_id}:")


async def _newest_version(
    session: AsyncSession, lead: Lead, account_id: int, incoming: Incoming
) -> Message | None:
    """Return the newest edit of the message that is a message of its own, else the message itself."""
    number = incoming.message_id
    is_edit = and_(col(Message.lead_id) == lead.id, _is_edit_of(number))
    found = await session.exec(
        select(Message)
        .where(
            col(Message.account_id) == account_id,
            col(Message.direction) == "in",
            or_(col(Message.telegram_message_id) == number, is_edit),
        )
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return found.first()


async def _replace(session: AsyncSession, version: Message, incoming: Incoming) -> None:
    text = incoming.text if version.telegram_message_id is not None else _marked(incoming)
    await session.exec(update(MESSAGES).where(MESSAGES.c.id == version.id).values(text=text))


async def _add(
    session: AsyncSession, lead: Lead, account_id: int, incoming: Incoming, *, now: datetime
) -> bool:
    """Add the new words as a message; returns False if this edit was added before."""
    stored = await session.exec(
        insert_for(session, Message)
        .values(
            lead_id=lead.id,
            account_id=account_id,
            direction="in",
            kind="reply",
            state="handled" if lead.status is LeadStatus.HANDED_OFF else "received",
            text=_marked(incoming),
            key=message_key(lead.id, incoming),
            sent_at=incoming.edited_at or incoming.sent_at,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(Message.id))
    )
    return stored.first() is not None


def _marked(incoming: Incoming) -> str:
    return f"{content_markers.EDITED} {incoming.text}"


def _newest_words(text: str) -> str:
    """Return the newest words of a stored message; earlier releases kept its edits in one text."""
    return text.rpartition(f"\n{content_markers.EDITED} ")[2]


def _tokens(text: str) -> Sequence[str]:
    """Return the words, emoji and question marks of a text, without marks of what it came with."""
    found = _TOKEN.findall(content_markers.strip_marks(text).casefold().replace("ё", "е"))
    return [one for one in found if one == "?" or one.isalnum() or "_" in one or category(one[0])[0] == "S"]


def _names_fact(text: str) -> bool:
    """Return True for a time or a contact: one other letter makes it another one."""
    words = content_markers.strip_marks(text)
    return "@" in words or names_time(words) or contains_link(words)


def _is_correction(before: Sequence[str], after: Sequence[str]) -> bool:
    """Return True if only single letters of longer words differ, and the text refuses nothing."""
    if len(before) != len(after) or not _REFUSING.isdisjoint((*before, *after)):
        return False
    return all(one == other or _is_typo(one, other) for one, other in zip(before, after, strict=True))


def _is_typo(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST_TYPO or not (short.isalpha() and long.isalpha()):
        return False
    if len(short) < len(long):
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    different = [at for at in range(len(short)) if short[at] != long[at]]
    is_swapped = sorted(short) == sorted(long) and different[-1] - different[0] == 1
    return len(different) == 1 or is_swapped
