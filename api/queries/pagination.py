"""Lists in pages, newest first, each found by an index however long the list has grown."""

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
_MARK = re.compile(r"row:([1-9][0-9]{0,18})(?:@(.+))?")
_NOT_OURS = "is not a cursor that was given out here"

Row = TypeVar("Row", Lead, WebhookDelivery, DoNotContact)
Which = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class Cursor:
    """The row after which a page begins, and its moment where the list is in the order of time."""

    row: int
    moment: datetime | None = None


def make_cursor(row_id: int, moment: datetime | None = None) -> str:
    """A mark, opaque."""
    at = f"@{moment.astimezone(UTC).isoformat()}" if moment else ""
    return base64.urlsafe_b64encode(f"row:{row_id}{at}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Cursor:
    """The mark; raises ValueError if it is none of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except (binascii.Error, UnicodeError):
        raise ValueError(_NOT_OURS) from None
    match = _MARK.fullmatch(text)
    if not match or int(match.group(1)) > MAX_ID:
        raise ValueError(_NOT_OURS)
    return Cursor(int(match.group(1)), _moment(match.group(2)))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_NOT_OURS) from None
    if moment.isoformat() != text or moment.tzinfo != UTC:
        raise ValueError(_NOT_OURS)
    return moment


def _known_cursor(cursor: str) -> str:
    read_cursor(cursor)
    return cursor


@dataclass(frozen=True)
class Span:
    """From a moment to another, both included; None: without an end on that side."""

    column: Mapped[Any]
    # A datetime is a date, too: bare days are none of these.
    first: date | None
    last: date | None

    @property
    def is_bounded(self) -> bool:
        """Whether it has an end on either side."""
        return self.first is not None or self.last is not None

    def holds(self) -> list[ColumnElement[bool]]:
        """That a row is within it."""
        since = [] if self.first is None else [self.column >= self.first]
        return since if self.last is None else [*since, self.column <= self.last]


class Page(BaseModel):
    """Which part of a list, newest first."""

    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=100), AfterValidator(_known_cursor)] | None = Field(
        None, description="`next_cursor` of the page before."
    )

    def of(self, table: type[Row], which: Which = ()) -> SelectOfScalar[Row]:
        """The rows of this page, and the first of the next, if there is one."""
        query = select(table).where(*which).order_by(col(table.id).desc()).limit(self.limit + 1)
        return query.where(col(table.id) < read_cursor(self.cursor).row) if self.cursor else query

    def within(self, span: Span, table: type[Row], which: Which = ()) -> SelectOfScalar[Row]:
        """The same of a span, by its moments: in the order of the rows all that is newer is read first."""
        if not span.is_bounded:
            return self.of(table, which)
        moment, number = span.column, col(table.id)
        query = select(table).where(*which, *span.holds()).order_by(moment.desc(), number.desc())
        if self.cursor:
            mark = read_cursor(self.cursor)
            query = query.where(*_beyond(mark, moment, number))
        return query.limit(self.limit + 1)


def newest_of(
    values: Sequence[str], column: Mapped[Any], query: Callable[..., SelectOfScalar[Row]], number: Mapped[Any]
) -> SelectOfScalar[Row]:
    """What `query` finds where one of `values` stands in a column; everything if there are none."""
    if len(values) < 2:
        return query([column == value for value in values])
    # The newest of each by its index: to find few of several kinds PostgreSQL may read every row.
    each = [query([column == value]).with_only_columns(number).subquery() for value in values]
    return query([number.in_(union_all(*(select(one.c.id) for one in each)))])


def _beyond(mark: Cursor, moment: Mapped[Any], number: Mapped[Any]) -> list[ColumnElement[bool]]:
    if mark.moment is None:
        return [number < mark.row]
    return [moment <= mark.moment, or_(moment < mark.moment, number < mark.row)]
