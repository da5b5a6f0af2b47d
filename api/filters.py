"""The filters of the lists, and the pages they come in."""

import base64
import binascii
import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from api.search import matches
from shared.models import Lead, WebhookDelivery
from shared.status import LeadStatus

_MAX_ID = 2**63 - 1

RowId = Annotated[int, Field(ge=1, le=_MAX_ID)]


def _moment(value: object) -> object:
    """`+` in an address means a space: undo that for a zone. A bare date stays one."""
    if not isinstance(value, str):
        return value
    text = re.sub(r" (?=\d\d:?\d\d$)", "+", value.strip())
    if re.fullmatch(r"[+-]?[\d.]*", text):
        # Pydantic would take it for seconds since 1970.
        raise ValueError("is not a moment like 2026-11-24T12:00:00Z nor a day like 2026-11-24")
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


def _first_moment(value: date | datetime) -> datetime:
    return _utc(
        value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    )


def _last_moment(value: date | datetime) -> datetime:
    """A bare date means the whole day."""
    if isinstance(value, datetime):
        return _utc(value)
    return (
        _first_moment(value) + timedelta(days=1, microseconds=-1)
        if value < date.max
        else _first_moment(value)
    )


From = Annotated[datetime | date, BeforeValidator(_moment), AfterValidator(_first_moment)]
To = Annotated[datetime | date, BeforeValidator(_moment), AfterValidator(_last_moment)]


def make_cursor(row_id: int) -> str:
    """The opaque mark after which the next page begins."""
    return base64.urlsafe_b64encode(f"row:{row_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """The row's id in a mark; raises ValueError if it is none of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, UnicodeError):
        raise ValueError("is not a cursor that was given out here") from None
    match = re.fullmatch(r"row:([1-9][0-9]{0,18})", text)
    if not match or int(match.group(1)) > _MAX_ID:
        raise ValueError("is not a cursor that was given out here")
    return int(match.group(1))


def _known_cursor(cursor: str) -> str:
    read_cursor(cursor)
    return cursor


class Page(BaseModel):
    """Which part of a list, newest first."""

    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=100), AfterValidator(_known_cursor)] | None = Field(
        None, description="`next_cursor` of the page before."
    )


class LeadFilters(Page):
    """Which leads; all conditions have to hold."""

    status: list[LeadStatus] = Field([], description="Only these; may be repeated.")
    q: str = Field("", max_length=200, description="Part of the name, the phone or the username.")
    created_from: From | None = Field(None, description="From this moment or day on; UTC if it has no zone.")
    created_to: To | None = Field(None, description="Up to this moment or whole day; UTC if it has no zone.")

    def query(self, *, region: str, is_postgres: bool) -> SelectOfScalar[Lead]:
        """The leads of this page, and the first of the next, if there is one."""
        query = select(Lead).order_by(col(Lead.id).desc()).limit(self.limit + 1)
        if self.status:
            query = query.where(col(Lead.status).in_(self.status))
        if (match := matches(self.q, region=region, is_postgres=is_postgres)) is not None:
            query = query.where(match)
        if self.created_from is not None:
            query = query.where(col(Lead.created_at) >= self.created_from)
        if self.created_to is not None:
            query = query.where(col(Lead.created_at) <= self.created_to)
        if self.cursor:
            query = query.where(col(Lead.id) < read_cursor(self.cursor))
        return query


Outcome = Literal["received", "stored", "duplicate", "probe", "refused"]


class DeliveryFilters(Page):
    """Which deliveries; all conditions have to hold."""

    outcome: list[Outcome] = Field([], description="Only these; may be repeated.")
    lead_id: RowId | None = Field(None, description="Only those that brought this lead, or its repeats.")
    received_from: From | None = Field(None, description="From this moment or day on; UTC if it has no zone.")
    received_to: To | None = Field(None, description="Up to this moment or whole day; UTC if it has no zone.")

    def query(self) -> SelectOfScalar[WebhookDelivery]:
        """The deliveries of this page, and the first of the next, if there is one."""
        query = select(WebhookDelivery).order_by(col(WebhookDelivery.id).desc()).limit(self.limit + 1)
        if self.outcome:
            query = query.where(col(WebhookDelivery.outcome).in_(self.outcome))
        if self.lead_id is not None:
            query = query.where(col(WebhookDelivery.lead_id) == self.lead_id)
        if self.received_from is not None:
            query = query.where(col(WebhookDelivery.received_at) >= self.received_from)
        if self.received_to is not None:
            query = query.where(col(WebhookDelivery.received_at) <= self.received_to)
        if self.cursor:
            query = query.where(col(WebhookDelivery.id) < read_cursor(self.cursor))
        return query
