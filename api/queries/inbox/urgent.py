"""The leads that need attention, the one who has waited longest first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Subquery, func, literal, literal_column, union_all
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.models import LEADS, Lead, Message
from shared.statuses import LeadStatus

# A lead that was not looked at for this long is no longer urgent: the filter by status still finds it.
GIVEN_UP_SHOWN_FOR = timedelta(days=14)
# At most so many of each kind are listed and counted, unless more are asked for.
MOST_URGENT = 100
# Of conversations with a human, so many are looked through for a question that the assistant left to them.
# New words are found in all of them.
_NEWEST_HANDED_OFF = 1000


@dataclass(frozen=True)
class Urgent:
    """The ids of the leads that need attention. `is_cut`: there are more."""

    ids: Sequence[int]
    is_cut: bool

    @property
    def count(self) -> str:
        """Their number; `300+` if there are more."""
        return f"{len(self.ids)}+" if self.is_cut else str(len(self.ids))


def not_draft() -> ColumnElement[bool]:
    """Return the condition for a message that was said, or is being sent."""
    return col(Message.state).not_in(("cancelled", "draft"))


async def urgent_leads(session: AsyncSession, now: datetime, most: int = MOST_URGENT) -> Urgent:
    """Return the leads that need attention, at most `most` of each kind."""
    kinds = union_all(
        *(sql_select(literal(kind).label("kind"), ids.c.id) for kind, ids in _kinds(now, most).items())
    ).subquery()
    since = func.coalesce(_of_last_message(Message.created_at, LEADS.c.id), col(Lead.updated_at))
    query = sql_select(kinds.c.kind, kinds.c.id).join(Lead, col(Lead.id) == kinds.c.id).order_by(since)
    found = (await (await session.connection()).execute(query)).all()
    largest = max(Counter(kind for kind, _ in found).values(), default=0)
    return Urgent(list(dict.fromkeys(lead_id for _, lead_id in found)), largest >= most)


def _kinds(now: datetime, most: int) -> dict[str, Subquery]:
    """Return queries for the newest leads of each kind that need attention; each uses an index."""
    since = now - GIVEN_UP_SHOWN_FOR
    handed_off = col(Lead.status) == LeadStatus.HANDED_OFF
    return {
        "new words": _newest(most, handed_off, col(Lead.id).in_(_leads_with("received"))),
        "human": _left_to_a_human(most),
        "question": _newest(most, col(Lead.open_question).is_not(None)),
        "draft": _newest(most, col(Lead.id).in_(_leads_with("draft"))),
        "failed": _given_up(most, since, col(Lead.status) == LeadStatus.FAILED),
        # With a phone number, a human can call.
        "unreachable": _given_up(
            most, since, col(Lead.status) == LeadStatus.UNREACHABLE, col(Lead.phone_e164).is_not(None)
        ),
    }


def _newest(most: int, *conditions: ColumnElement[bool]) -> Subquery:
    return select(Lead.id).where(*conditions).order_by(col(Lead.id).desc()).limit(most).subquery()


def _left_to_a_human(most: int) -> Subquery:
    """Return conversations with a human in which the person has the last word."""
    handed_off = select(Lead.id).where(col(Lead.status) == LeadStatus.HANDED_OFF)
    newest = handed_off.order_by(col(Lead.id).desc()).limit(_NEWEST_HANDED_OFF).subquery()
    is_incoming = _of_last_message(Message.direction, newest.c.id) == "in"
    return sql_select(newest.c.id).where(is_incoming).limit(most).subquery()


def _given_up(most: int, since: datetime, *conditions: ColumnElement[bool]) -> Subquery:
    # Literals, as in the condition of the partial index.
    is_given_up = col(Lead.status).in_([literal_column("'failed'"), literal_column("'unreachable'")])
    found = select(Lead.id).where(is_given_up, col(Lead.updated_at) > since, *conditions)
    return found.order_by(col(Lead.updated_at).desc()).limit(most).subquery()


def _of_last_message(column: Any, lead_id: ColumnElement[int]) -> ScalarSelect[Any]:  # noqa: ANN401
    last = select(column).where(col(Message.lead_id) == lead_id, not_draft())
    return last.order_by(col(Message.id).desc()).limit(1).correlate(lead_id.table).scalar_subquery()


def _leads_with(state: str) -> SelectOfScalar[int]:
    # A literal, as in the condition of the partial index.
    return select(Message.lead_id).where(col(Message.state) == literal_column(f"'{state}'"))
