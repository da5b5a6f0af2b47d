"""Renders the page of a lead; the actions use it too, when they refuse."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from fastapi import Request
from fastapi.responses import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from api.console import rendering
from api.console.users.sessions import SignedIn
from api.forms.utm import read_utm
from api.queries.conversation import Conversation, load_conversation
from shared.clock import utc_now
from shared.database.bulk import insert_for
from shared.database.console_models import LeadView
from shared.database.engine import Database
from shared.leads import suppression_list
from shared.leads.form_fields import person_fields
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import FOLLOWED_UP, GIVEN_UP, LeadStatus, may_become


@dataclass(frozen=True)
class HistoryLine:
    """One line of the history: a change of status, a note or an action of a user."""

    at: datetime
    kind: str
    actor: str
    text: str
    status: str | None = None


@dataclass(frozen=True)
class Refusal:
    """Why an action was not carried out, and the text that the user had typed for it."""

    what: str
    detail: str = ""
    typed: str = ""
    note: str = ""


async def render(
    request: Request,
    database: Database,
    user: SignedIn,
    lead_id: int,
    *,
    status: int = 200,
    refusal: Refusal | None = None,
) -> Response:
    """Return the page of a lead; its messages now count as seen by the user."""
    now = utc_now()
    async with database.reading() as session:
        conversation = await load_conversation(session, lead_id, user.id, now)
        listed = (await suppression_list.find_entries(session, [SuppressedIdentity.of(conversation.lead)]))[0]
    if conversation.seen < conversation.last_message_id:
        async with database.writing() as session:
            await mark_seen(session, user.id, lead_id, conversation.last_message_id)
    lead = conversation.lead
    return rendering.page(
        request,
        "lead.html",
        status,
        lead=lead,
        conversation=conversation,
        draft=conversation.draft,
        history=_history(conversation),
        fields=person_fields(lead.extra),
        utm={key: value for key, value in read_utm(lead.extra).items() if value},
        evidence=lead.contact_evidence or {},
        listed=listed,
        refusal=refusal,
        key=uuid4().hex,
        can_take_over=may_become(lead.status, LeadStatus.HANDED_OFF),
        can_give_back=lead.status is LeadStatus.HANDED_OFF,
        can_retry=lead.status in GIVEN_UP,
        can_write_later=listed is None and lead.status in FOLLOWED_UP,
        # The worker does not write to listed people.
        can_reply=listed is None
        and lead.account_id is not None
        and lead.telegram_user_id is not None
        and (lead.status is LeadStatus.HANDED_OFF or may_become(lead.status, LeadStatus.HANDED_OFF)),
    )


async def mark_seen(session: AsyncSession, user_id: int, lead_id: int, message_id: int) -> None:
    """Store the newest message of a lead that the user has seen."""
    row = insert_for(session, LeadView).values(user_id=user_id, lead_id=lead_id, last_message_id=message_id)
    await session.exec(
        row.on_conflict_do_update(index_elements=["user_id", "lead_id"], set_={"last_message_id": message_id})
    )


def _history(conversation: Conversation) -> list[HistoryLine]:
    lines = [
        HistoryLine(event.at, "status", event.actor, event.reason or "", event.to_status.value)
        for event in conversation.events
    ]
    lines += [HistoryLine(note.created_at, "note", note.author, note.text) for note in conversation.notes]
    lines += [
        HistoryLine(action.at, "action", action.actor, action.action) for action in conversation.actions
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)
