"""The filters of the inbox."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement
from sqlmodel import col, or_
from sqlmodel.sql.expression import SelectOfScalar

from api.queries.filters import LeadFilters, RowId
from api.queries.pagination import Span, newest_of
from shared.database.models import Lead

# Without three letters or digits in a row, a text has no trigram, so no index finds it.
_TRIGRAM = re.compile(r"[^\W_]{3}")
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

    @property
    def has_indexed_text(self) -> bool:
        """True if the index of trigrams finds the text."""
        return _TRIGRAM.search(self.q) is not None

    def parameters(self) -> dict[str, Any]:
        """Return the filters that are set as the values of a query string."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_defaults=True)

    def newest(self, limit: int) -> SelectOfScalar[Lead]:
        """Return a query for the newest leads of some statuses, an account and a period after the cursor."""
        page = self.model_copy(update={"limit": limit - 1})
        account = [] if self.account_id is None else [col(Lead.account_id) == self.account_id]
        return newest_of(
            self.status,
            col(Lead.status),
            lambda more: page.within(page.span, Lead, [*account, *more]),
            col(Lead.id),
        )

    def page_of(self, lead: type[Lead], conditions: Sequence[ColumnElement[bool]]) -> SelectOfScalar[Lead]:
        """Return a query for a page of the subquery that `lead` is an alias of."""
        return self.within(Span(col(lead.created_at), self.created_from, self.created_to), lead, conditions)

    def indexed_conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions for the statuses, the account and the period."""
        status = [col(Lead.status).in_(self.status)] if self.status else []
        account = [] if self.account_id is None else [col(Lead.account_id) == self.account_id]
        return [*status, *account, *self.span.conditions()]

    def other_conditions(self, lead: type[Lead]) -> list[ColumnElement[bool]]:
        """Return the conditions for the source and the campaign, which no index serves."""
        conditions: list[ColumnElement[bool]] = []
        if self.source:
            conditions.append(col(lead.source) == self.source)
        if self.utm.strip():
            extra = col(lead.extra)
            named = [extra[f"utm_{part}"].as_string() == self.utm.strip() for part in _UTM]
            conditions.append(or_(*named))
        return conditions
