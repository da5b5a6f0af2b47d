"""The filters of the lists."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from api.queries.pagination import MAX_ID, Page, Span, make_cursor, newest_of
from api.queries.text_search import matches
from shared.database.models import Lead, WebhookDelivery
from shared.statuses import LeadStatus

RowId = Annotated[int, Field(ge=1, le=MAX_ID)]


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


class LeadFilters(Page):
    """Which leads; all conditions have to hold."""

    status: list[LeadStatus] = Field([], description="Only these; may be repeated.")
    q: str = Field("", max_length=200, description="Part of the name, the phone or the username.")
    created_from: From | None = Field(
        None,
        description="From this moment or day on; UTC if it has no zone. The list is then by this time.",
    )
    created_to: To | None = Field(None, description="Up to this moment or whole day; UTC if it has no zone.")

    @property
    def span(self) -> Span:
        """When they came."""
        return Span(col(Lead.created_at), self.created_from, self.created_to)

    def query(self, *, region: str, is_postgres: bool) -> SelectOfScalar[Lead]:
        """The leads of this page, and the first of the next, if there is one."""
        match = matches(self.q, region=region, is_postgres=is_postgres)
        found = [] if match is None else [match]
        return newest_of(
            self.status,
            col(Lead.status),
            lambda which: self.within(self.span, Lead, [*found, *which]),
            col(Lead.id),
        )

    def cursor_after(self, last: Lead) -> str:
        """The mark of the page that follows this lead."""
        return make_cursor(last.id or 0, last.created_at if self.span.is_bounded else None)


Outcome = Literal["received", "stored", "duplicate", "probe", "refused"]


class DeliveryFilters(Page):
    """Which deliveries; all conditions have to hold."""

    outcome: list[Outcome] = Field([], description="Only these; may be repeated.")
    lead_id: RowId | None = Field(None, description="Only those that brought this lead, or its repeats.")
    received_from: From | None = Field(None, description="From this moment or day on; UTC if it has no zone.")
    received_to: To | None = Field(None, description="Up to this moment or whole day; UTC if it has no zone.")

    @property
    def span(self) -> Span:
        """When they came."""
        return Span(col(WebhookDelivery.received_at), self.received_from, self.received_to)

    def query(self) -> SelectOfScalar[WebhookDelivery]:
        """The deliveries of this page, and the first of the next, if there is one."""
        found = [] if self.lead_id is None else [col(WebhookDelivery.lead_id) == self.lead_id]
        return newest_of(
            self.outcome,
            col(WebhookDelivery.outcome),
            lambda which: self.within(self.span, WebhookDelivery, [*found, *which]),
            col(WebhookDelivery.id),
        )

    def cursor_after(self, last: WebhookDelivery) -> str:
        """The mark of the page that follows this delivery."""
        return make_cursor(last.id or 0, last.received_at if self.span.is_bounded else None)
