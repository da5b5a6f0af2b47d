"""Repeat requests: a new form of a known contact joins its open conversation, not a second one."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, case, exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.bulk import insert_for
from shared.database.models import Lead, Message
from shared.statuses import OPEN, REPLIED_TO, LeadStatus
from worker.domain.conversation import Conversation
from worker.messaging import inbox

NO_DETAILS = "(без подробностей)"


async def lock_both(session: AsyncSession, account_id: int, user_id: int, lead: Lead) -> None:
    """Lock the lead and the conversation that it may join, in id order like all locks of several leads."""
    known = (await session.exec(_conversation(account_id, user_id, lead))).one_or_none()
    if known is not None:
        both = select(Lead.id).where(col(Lead.id).in_((known.id, lead.id))).order_by(col(Lead.id))
        await session.exec(both.with_for_update())


async def conversation_of(session: AsyncSession, account_id: int, user_id: int, lead: Lead) -> Lead | None:
    """Return and lock the contact's other lead in a conversation: an open one, else a handed-off one."""
    query = _conversation(account_id, user_id, lead).with_for_update()
    found = await session.exec(query.execution_options(populate_existing=True))
    return found.one_or_none()


async def known_among(session: AsyncSession, account_id: int, user_ids: Collection[int]) -> Collection[int]:
    """Return which of these Telegram users are in a conversation already: an open or a handed-off one."""
    found = await session.exec(
        _USERS_IN_CONVERSATION, params={"account": account_id, "users": list(user_ids)}
    )
    return {user for user in found if user is not None}


_LEADS_OF_USERS = (
    col(Lead.account_id) == bindparam("account", type_=BigInteger()),
    col(Lead.telegram_user_id).in_(bindparam("users", expanding=True)),
)
_USERS_IN_CONVERSATION = select(Lead.telegram_user_id).where(
    *_LEADS_OF_USERS, col(Lead.status).in_(OPEN | {LeadStatus.HANDED_OFF}), col(Lead.duplicate_of).is_(None)
)


async def add_request_to_conversation(
    session: AsyncSession, lead: Lead, conversation: Lead, *, now: datetime, debounce: timedelta
) -> None:
    """Add a form's text to `conversation` as an incoming message, once, and schedule the answer there."""
    is_handed_off = conversation.status is LeadStatus.HANDED_OFF
    await session.exec(
        insert_for(session, Message)
        .values(
            lead_id=conversation.id,
            account_id=conversation.account_id,
            direction="in",
            kind="request",
            text=_request_text(lead, conversation),
            key=f"{lead.id}:request",
            state="handled" if is_handed_off else "received",
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    if conversation.status in REPLIED_TO:
        await inbox.schedule_reply(session, conversation, now=now, debounce=debounce)


async def returning_lead_ids(
    session: AsyncSession, account_id: int, leads: Collection[Lead]
) -> set[int | None]:
    """Return the ids of leads whose contact got a message from this account about an earlier request."""
    users = list({lead.telegram_user_id for lead in leads})
    found = await session.exec(_LEADS_WITH_SENT_MESSAGES, params={"account": account_id, "users": users})
    contacted = set(found)
    return {
        lead.id
        for lead in leads
        for other_id, user in contacted
        if user == lead.telegram_user_id and other_id != lead.id
    }


_LEADS_WITH_SENT_MESSAGES = select(Lead.id, Lead.telegram_user_id).where(
    *_LEADS_OF_USERS,
    exists().where(
        col(Message.lead_id) == Lead.id, col(Message.direction) == "out", col(Message.state) == "sent"
    ),
)


def _conversation(account_id: int, user_id: int, lead: Lead) -> SelectOfScalar[Lead]:
    is_open = case((col(Lead.status).in_(OPEN), 0), else_=1)
    return (
        select(Lead)
        .where(
            col(Lead.account_id) == account_id,
            col(Lead.telegram_user_id) == user_id,
            col(Lead.status).in_(OPEN | {LeadStatus.HANDED_OFF}),
            # A lead that was linked to another one has no conversation of its own.
            col(Lead.duplicate_of).is_(None),
            col(Lead.id) != lead.id,
        )
        .order_by(is_open, col(Lead.id).desc())
        .limit(1)
    )


def _request_text(lead: Lead, conversation: Lead) -> str:
    """Return the form's text without contact details, or NO_DETAILS if weak evidence led to this person."""
    form, known = Conversation(lead, ()), Conversation(conversation, ())
    if form.is_unconfirmed:
        return NO_DETAILS
    brief = form.brief()
    lines = [f"Имя: {brief.name}"] if brief.name and brief.name != conversation.name else []
    lines += [f"{key}: {value}" for key, value in brief.request.items()]
    return known.without_contacts("\n".join(lines)) or NO_DETAILS
