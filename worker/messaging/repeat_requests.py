"""A new form by somebody we know: into the conversation that is open, not into a second one."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, case, exists
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.models import Lead, Message
from shared.statuses import OPEN, LeadStatus
from worker.domain.conversation import Conversation
from worker.messaging import inbox
from worker.messaging.inbox import ANSWERED

NOTHING_SAID = "(без подробностей)"


async def lock_both(session: AsyncSession, account_id: int, user_id: int, lead: Lead) -> None:
    """Hold the lead and the conversation that it may join, in the order in which everybody locks several."""
    known = (await session.exec(_conversation(account_id, user_id, lead))).one_or_none()
    if known is not None:
        both = select(Lead.id).where(col(Lead.id).in_((known.id, lead.id))).order_by(col(Lead.id))
        await session.exec(both.with_for_update())


async def conversation_of(session: AsyncSession, account_id: int, user_id: int, lead: Lead) -> Lead | None:
    """The other lead in whose conversation this person is, locked: an open one, or else a human's."""
    held = _conversation(account_id, user_id, lead).with_for_update()
    found = await session.exec(held.execution_options(populate_existing=True))
    return found.one_or_none()


async def known_among(session: AsyncSession, account_id: int, user_ids: Collection[int]) -> Collection[int]:
    """Who of these people is in a conversation already: an open one, or a human's."""
    found = await session.exec(_KNOWN, params={"account": account_id, "users": list(user_ids)})
    return {user for user in found if user is not None}


_THEIRS = (
    col(Lead.account_id) == bindparam("account", type_=BigInteger()),
    col(Lead.telegram_user_id).in_(bindparam("users", expanding=True)),
)
_KNOWN = select(Lead.telegram_user_id).where(
    *_THEIRS, col(Lead.status).in_(OPEN | {LeadStatus.HANDED_OFF}), col(Lead.duplicate_of).is_(None)
)


async def add_request_to_conversation(
    session: AsyncSession, lead: Lead, conversation: Lead, *, now: datetime, debounce: timedelta
) -> None:
    """What a form asks is said in `conversation`, once however often it is tried, and is answered there."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    is_humans = conversation.status is LeadStatus.HANDED_OFF
    await session.exec(
        insert(Message)
        .values(
            lead_id=conversation.id,
            account_id=conversation.account_id,
            direction="in",
            kind="request",
            text=_asked(lead, conversation),
            key=f"{lead.id}:request",
            state="handled" if is_humans else "received",
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    if conversation.status in ANSWERED:
        await inbox.schedule_reply(session, conversation, now=now, debounce=debounce)


async def met_before(session: AsyncSession, account_id: int, leads: Collection[Lead]) -> set[int | None]:
    """Those of the leads whose person has heard from this account about an earlier request."""
    users = list({lead.telegram_user_id for lead in leads})
    found = await session.exec(_TOLD, params={"account": account_id, "users": users})
    heard = set(found)
    return {
        lead.id
        for lead in leads
        for known, user in heard
        if user == lead.telegram_user_id and known != lead.id
    }


_TOLD = select(Lead.id, Lead.telegram_user_id).where(
    *_THEIRS,
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
            # What was itself linked to a conversation is none.
            col(Lead.duplicate_of).is_(None),
            col(Lead.id) != lead.id,
        )
        .order_by(is_open, col(Lead.id).desc())
        .limit(1)
    )


def _asked(lead: Lead, conversation: Lead) -> str:
    """The form's words, without contacts."""
    brief, known = Conversation(lead, ()).brief(), Conversation(conversation, ())
    lines = [f"Имя: {brief.name}"] if brief.name and brief.name != conversation.name else []
    lines += [f"{key}: {value}" for key, value in brief.request.items()]
    return known.without_contacts("\n".join(lines)) or NOTHING_SAID
