"""Keyset pagination, newest first: an index finds each page, whatever the length of the list."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import ColumnElement, union_all
from sqlalchemy.orm import Mapped
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.models import DoNotContact, Lead, WebhookDelivery

MAX_ID = 2**63 - 1
_CURSOR = re.compile(r"row:([1-9][0-9]{0,18})(?:@(.+))?")
_INVALID_CURSOR = "is not a cursor that this API returned"

Row = TypeVar("Row", Lead, WebhookDelivery, DoNotContact)
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class Cursor:
    """The last row of the previous page, and its time if the list is sorted by time."""

    row: int
    moment: datetime | None = None


def make_cursor(row_id: int, moment: datetime | None = None) -> str:
    """Return the cursor as an opaque text."""
    at = f"@{moment.astimezone(UTC).isoformat()}" if moment else ""
    return base64.urlsafe_b64encode(f"row:{row_id}{at}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Cursor:
    """Parse a cursor; raises ValueError if `make_cursor` did not create it."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, UnicodeError):
        raise ValueError(_INVALID_CURSOR) from None
    match = _CURSOR.fullmatch(text)
    if not match or int(match.group(1)) > MAX_ID:
        raise ValueError(_INVALID_CURSOR)
    return Cursor(int(match.group(1)), _moment(match.group(2)))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_INVALID_CURSOR) from None
    if moment.isoformat() != text or moment.tzinfo != UTC:
        raise ValueError(_INVALID_CURSOR)
    return moment


def _check_cursor(cursor: str) -> str:
    read_cursor(cursor)
    return cursor


@dataclass(frozen=True)
class Span:
    """A period including both ends; None: open on that side."""

    column: Mapped[Any]
    # A datetime is a subclass of date. Plain dates do not occur here.
    first: date | None
    last: date | None

    @property
    def is_bounded(self) -> bool:
        """True if the period has a start or an end."""
        return self.first is not None or self.last is not None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the SQL conditions for a row in this period."""
        since = [] if self.first is None else [self.column >= self.first]
        return since if self.last is None else [*since, self.column <= self.last]


class Page(BaseModel):
    """The page of a list, newest first."""

    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=100), AfterValidator(_check_cursor)] | None = Field(
        None, description="`next_cursor` of the previous page."
    )

    def of(self, table: type[Row], conditions: Conditions = ()) -> SelectOfScalar[Row]:
        """Return a query for the rows of this page and the first of the next, by id."""
        query = select(table).where(*conditions).order_by(col(table.id).desc()).limit(self.limit + 1)
        return query.where(col(table.id) < read_cursor(self.cursor).row) if self.cursor else query

    def within(self, span: Span, table: type[Row], conditions: Conditions = ()) -> SelectOfScalar[Row]:
        """Return the same for a period, by time: by id, PostgreSQL would read all newer rows first."""
        if not span.is_bounded:
            return self.of(table, conditions)
        moment, number = span.column, col(table.id)
        query = select(table).where(*conditions, *span.conditions()).order_by(moment.desc(), number.desc())
        if self.cursor:
            cursor = read_cursor(self.cursor)
            query = query.where(*_after(cursor, moment, number))
        return query.limit(self.limit + 1)


def newest_of(
    values: Sequence[str], column: Mapped[Any], query: Callable[..., SelectOfScalar[Row]], number: Mapped[Any]
) -> SelectOfScalar[Row]:
    """Restrict `query` to rows with one of `values` in a column; all rows if there are no values."""
    if len(values) < 2:
        return query([column == value for value in values])
    # The newest rows of each value, by index: with IN (…) PostgreSQL may read every row to find a few.
    each = [query([column == value]).with_only_columns(number).subquery() for value in values]
    return query([number.in_(union_all(*(select(one.c.id) for one in each)))])


def _after(cursor: Cursor, moment: Mapped[Any], number: Mapped[Any]) -> list[ColumnElement[bool]]:
    if cursor.moment is None:
        return [number < cursor.row]
    return [moment <= cursor.moment, or_(moment < cursor.moment, number < cursor.row)]
