"""Records the question that a message promises to ask a colleague, and tells the owner of it."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.translations import Language
from worker.dispatch.lead_change import LeadChange
from worker.domain.outcomes import QueueMessage
from worker.notifications import open_questions


async def record(
    session: AsyncSession,
    change: LeadChange,
    message: QueueMessage,
    language: Language | None,
    *,
    now: datetime,
) -> None:
    """Note the open question of a message in its lead, in the caller's transaction.

    `language` is that of the notice to the owner; None: there is no notice. A person who asks for no more
    messages has no open question.
    """
    if message.do_not_contact:
        change.set(open_question=None)
    elif message.open_question is not None:
        change.set(open_question=message.open_question)
        if language is not None:
            await open_questions.report(
                session, language, change.lead, message.open_question, key=message.key, now=now
            )
