"""Tells the owner of a question that the assistant has promised to ask a colleague."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead
from shared.translations import Language
from worker.notifications import notices, texts

# The line also names the lead and says how to answer.
_MAX_WORDS_LENGTH = 90
_MAX_NAME_LENGTH = 40


async def report(
    session: AsyncSession, language: Language, lead: Lead, question: str, *, key: str, now: datetime
) -> None:
    """Add a notice with the question and the command that answers it; `key` is the promising message's."""
    # Earlier questions without an answer stand in the lines before; the owner has been told of them.
    words = " ".join(question.splitlines()[-1:])
    words = words if len(words) <= _MAX_WORDS_LENGTH else f"{words[: _MAX_WORDS_LENGTH - 1]}…"
    name = lead.name[:_MAX_NAME_LENGTH]
    text = texts.render_line(language, "question", lead=lead.id, name=name, words=words)
    await notices.add(session, f"question:{key}", text, now=now, account_id=lead.account_id, lead_id=lead.id)
