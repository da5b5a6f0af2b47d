"""The filters of the lists of leads and deliveries."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from api.queries.pagination import MAX_ID, Page, Span, make_cursor, newest_of
from api.queries.text_search import search_condition
from shared.database.models import Lead, WebhookDelivery
from shared.statuses import DeliveryOutcome, LeadStatus

RowId = Annotated[int, Field(ge=1, le=MAX_ID)]


def _parse_time(value: object) -> object:
    """Parse a date or a time. In a URL `+` means a space: restore it before a UTC offset."""
    if not isinstance(value, str):
        return value
    text = re.sub(r" (?=\d\d:?\d\d$)", "+", value.strip())
    if re.fullmatch(r"[+-]?[\d.]*", text):
        # Pydantic would read it as seconds since 1970.
        raise ValueError("is neither a time like 2026-11-24T12:00:00Z nor a date like 2026-11-24")
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the supported range of dates") from None


def _start_of(value: date | datetime) -> datetime:
    return _utc(
        value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    )


def _end_of(value: date | datetime) -> datetime:
    """Return a time in UTC; a date means the last microsecond of that day."""
    if isinstance(value, datetime):
        return _utc(value)
    return _start_of(value) + timedelta(days=1, microseconds=-1) if value < date.max else _start_of(value)


From = Annotated[datetime | date, BeforeValidator(_parse_time), AfterValidator(_start_of)]
To = Annotated[datetime | date, BeforeValidator(_parse_time), AfterValidator(_end_of)]


class LeadFilters(Page):
    """The filters of GET /leads; a lead must match all of them."""

    status: list[LeadStatus] = Field([], description="Only these values; the parameter may be repeated.")
    q: str = Field("", max_length=200, description="A part of the name, the phone or the username.")
    created_from: From | None = Field(
        None,
        description="From this time or date on; UTC if it has no offset. The list is then sorted by time.",
    )
    created_to: To | None = Field(
        None, description="Up to this time, or to the end of this date; UTC if it has no offset."
    )

    @property
    def span(self) -> Span:
        """The period in which the leads were created."""
        return Span(col(Lead.created_at), self.created_from, self.created_to)

    def query(self, *, region: str, is_postgres: bool) -> SelectOfScalar[Lead]:
        """Return a query for the leads of this page and the first of the next."""
        condition = search_condition(self.q, region=region, is_postgres=is_postgres)
        conditions = [] if condition is None else [condition]
        return newest_of(
            self.status,
            col(Lead.status),
            lambda more: self.within(self.span, Lead, [*conditions, *more]),
            col(Lead.id),
        )

    def cursor_after(self, last: Lead) -> str:
        """Return the cursor of the page after this lead."""
        return make_cursor(last.id, last.created_at if self.span.is_bounded else None)


class DeliveryFilters(Page):
    """The filters of GET /deliveries; a delivery must match all of them."""

    outcome: list[DeliveryOutcome] = Field(
        [], description="Only these values; the parameter may be repeated."
    )
    lead_id: RowId | None = Field(None, description="Only deliveries that created or repeated this lead.")
    received_from: From | None = Field(
        None, description="From this time or date on; UTC if it has no offset."
    )
    received_to: To | None = Field(
        None, description="Up to this time, or to the end of this date; UTC if it has no offset."
    )

    @property
    def span(self) -> Span:
        """The period in which the deliveries were received."""
        return Span(col(WebhookDelivery.received_at), self.received_from, self.received_to)

    def query(self) -> SelectOfScalar[WebhookDelivery]:
        """Return a query for the deliveries of this page and the first of the next."""
        conditions = [] if self.lead_id is None else [col(WebhookDelivery.lead_id) == self.lead_id]
        return newest_of(
            self.outcome,
            col(WebhookDelivery.outcome),
            lambda more: self.within(self.span, WebhookDelivery, [*conditions, *more]),
            col(WebhookDelivery.id),
        )

    def cursor_after(self, last: WebhookDelivery) -> str:
        """Return the cursor of the page after this delivery."""
        return make_cursor(last.id, last.received_at if self.span.is_bounded else None)
