"""The console's inbox: the leads that need somebody, and all leads with filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, exists, func, literal_column
from sqlalchemy import select as sql_select
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from api.queries.filters import LeadFilters, RowId
from api.queries.pagination import newest_of
from api.queries.text_search import search_condition
from shared.database.models import Lead, LeadView, Message, TelegramAccount
from shared.statuses import NOT_GREETED, LeadStatus

# What nobody looked at for this long is no longer urgent: the filter by status still finds it.
GIVEN_UP_SHOWN_FOR = timedelta(days=14)
# The list of those who need somebody is short by nature.
MOST_URGENT = 100
# Of conversations with a human, so many are looked through for a question that the assistant left to them.
# New words are found in all of them.
_NEWEST_HANDED_OFF = 2000
MOST_COUNTED = 1000
_UTM = ("source", "medium", "campaign")


class InboxFilters(LeadFilters):
    """The filters of the inbox; a lead must match all of them."""

    source: str = Field("", max_length=100)
    account_id: RowId | None = None
    utm: str = Field("", max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: Any) -> Any:  # noqa: ANN401 - the parameters of a URL
        # A form sends its empty fields, too.
        return {key: value for key, value in values.items() if value not in ("", [""])}

    @property
    def is_narrowed(self) -> bool:
        """True if any filter is set."""
        return bool(self.model_dump(exclude={"limit", "cursor", "urgent"}, exclude_defaults=True))

    def leads(self, *, region: str, is_postgres: bool) -> SelectOfScalar[Lead]:
        """Return a query for the leads of this page and the first of the next, newest first."""
        conditions: list[ColumnElement[bool]] = []
        if (text := search_condition(self.q, region=region, is_postgres=is_postgres)) is not None:
            conditions.append(text)
        if self.source:
            conditions.append(col(Lead.source) == self.source)
        if self.account_id is not None:
            conditions.append(col(Lead.account_id) == self.account_id)
        if self.utm.strip():
            extra = col(Lead.extra)
            named = [extra[f"utm_{part}"].as_string() == self.utm.strip() for part in _UTM]
            conditions.append(or_(*named))
        return newest_of(
            self.status,
            col(Lead.status),
            lambda more: self.within(self.span, Lead, [*conditions, *more]),
            col(Lead.id),
        )


@dataclass(frozen=True)
class InboxRow:
    """One lead of the inbox. `waits_since`: the person waits for us since then."""

    lead: Lead
    last: Message | None
    has_draft: bool
    is_unread: bool
    needs_somebody: bool
    waits_since: datetime | None


def _last_is_incoming() -> ColumnElement[bool]:
    last = (
        select(Message.direction)
        .where(col(Message.lead_id) == col(Lead.id), col(Message.state).not_in(("cancelled", "draft")))
        .order_by(col(Message.id).desc())
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    return last == "in"


def _urgent(now: datetime) -> dict[str, ColumnElement[bool]]:
    """Return the conditions of leads that need somebody; each is found by an index."""
    recent = col(Lead.updated_at) > now - GIVEN_UP_SHOWN_FOR
    handed_off = col(Lead.status) == LeadStatus.HANDED_OFF
    newest = select(Lead.id).where(handed_off).order_by(col(Lead.id).desc()).limit(_NEWEST_HANDED_OFF)
    return {
        "new words": and_(handed_off, col(Lead.id).in_(_leads_with("received"))),
        "human": and_(col(Lead.id).in_(newest.subquery().select()), _last_is_incoming()),
        "question": col(Lead.open_question).is_not(None),
        "draft": col(Lead.id).in_(_leads_with("draft")),
        "failed": and_(col(Lead.status) == LeadStatus.FAILED, recent),
        # With a phone somebody can call.
        "unreachable": and_(col(Lead.status) == LeadStatus.UNREACHABLE, col(Lead.phone).is_not(None), recent),
    }


def _leads_with(state: str) -> SelectOfScalar[int]:
    # A literal, as in the condition of the partial index.
    return select(Message.lead_id).where(col(Message.state) == literal_column(f"'{state}'"))


async def urgent_leads(session: AsyncSession, now: datetime) -> Sequence[Lead]:
    """Return the leads that need somebody, at most MOST_URGENT of each kind, in no order."""
    found: dict[int, Lead] = {}
    for condition in _urgent(now).values():
        rows = await session.exec(
            select(Lead).where(condition).order_by(col(Lead.id).desc()).limit(MOST_URGENT)
        )
        found |= {lead.id: lead for lead in rows}
    return list(found.values())


async def count_statuses(session: AsyncSession) -> Mapping[LeadStatus, int]:
    """Return how many leads have each status; above MOST_COUNTED the count stops."""
    some = {
        status: select(Lead.id).where(col(Lead.status) == status).limit(MOST_COUNTED).subquery()
        for status in LeadStatus
    }
    counts = [
        select(func.count()).select_from(each).scalar_subquery().label(status.value)
        for status, each in some.items()
    ]
    row = (await (await session.connection()).execute(sql_select(*counts))).one()
    return dict(zip(LeadStatus, row, strict=True))


async def rows_of(
    session: AsyncSession, leads: Sequence[Lead], user_id: int, now: datetime
) -> Sequence[InboxRow]:
    """Return the leads with their last messages and marks, in the same order."""
    ids = [lead.id for lead in leads]
    last = await _last_messages(session, ids)
    drafts = set(
        await session.exec(
            select(Message.lead_id).where(
                col(Message.lead_id).in_(ids), col(Message.state) == literal_column("'draft'")
            )
        )
    )
    seen = dict(
        (
            await session.exec(
                select(LeadView.lead_id, LeadView.last_message_id).where(
                    col(LeadView.user_id) == user_id, col(LeadView.lead_id).in_(ids)
                )
            )
        ).all()
    )
    return [_row(lead, last.get(lead.id), lead.id in drafts, seen.get(lead.id), now) for lead in leads]


def _row(lead: Lead, last: Message | None, has_draft: bool, seen: int | None, now: datetime) -> InboxRow:
    is_incoming = last is not None and last.direction == "in"
    needs = (
        has_draft
        or lead.open_question is not None
        or (lead.status is LeadStatus.HANDED_OFF and is_incoming)
        or (lead.status is LeadStatus.FAILED and lead.updated_at > now - GIVEN_UP_SHOWN_FOR)
        or (
            lead.status is LeadStatus.UNREACHABLE
            and lead.phone is not None
            and lead.updated_at > now - GIVEN_UP_SHOWN_FOR
        )
    )
    waits_since = None
    if lead.status in NOT_GREETED or (last is None and needs):
        waits_since = lead.created_at
    elif last is not None and ((is_incoming and last.state == "received") or needs):
        waits_since = last.created_at
    return InboxRow(
        lead, last, has_draft, last is not None and is_incoming and last.id > (seen or 0), needs, waits_since
    )


async def _last_messages(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Message]:
    newest = (
        select(func.max(Message.id))
        .where(col(Message.lead_id).in_(ids), col(Message.state).not_in(("cancelled", "draft")))
        .group_by(col(Message.lead_id))
    )
    found = await session.exec(select(Message).where(col(Message.id).in_(newest)))
    return {message.lead_id: message for message in found}


async def sources(session: AsyncSession) -> Sequence[str]:
    """Return the sources of the newest leads, for the filter."""
    newest = select(Lead.source).order_by(col(Lead.id).desc()).limit(1000).subquery()
    found = await session.exec(select(newest.c.source).distinct())
    return sorted(found.all())


async def accounts(session: AsyncSession) -> Sequence[tuple[int, str]]:
    """Return the Telegram accounts with their names, for the filter."""
    found = await session.exec(select(TelegramAccount).order_by(col(TelegramAccount.id)))
    return [(each.id, f"@{each.username}" if each.username else each.session_name) for each in found]


async def has_newer(session: AsyncSession, lead_id: int, seen: int) -> bool:
    """Return True if the conversation has a message after the one that was seen last."""
    found = exists().where(col(Message.lead_id) == lead_id, col(Message.id) > seen)
    return bool((await session.exec(select(found))).one())


def parameters(filters: InboxFilters) -> dict[str, Any]:
    """Return the filters that are set as the values of a query string."""
    return filters.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_defaults=True)
