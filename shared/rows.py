"""Several rows' worth of values as a table of one statement, so that many rows are changed at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, Table, column, literal, values


def given(table: Table, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> CTE:
    """A table `given`: `columns` names its columns and says of which column of `table` each has the type."""
    types = {name: table.c[like].type for name, like in columns.items()}
    # A bare NULL would be text to PostgreSQL.
    cells = [
        tuple(literal(value, kind) for value, kind in zip(row, types.values(), strict=True)) for row in rows
    ]
    named = [column(name, kind) for name, kind in types.items()]
    return values(*named, name="given").data(cells).cte("given")


def same(*names: str) -> dict[str, str]:
    """Columns that are called as they are in the table."""
    return {name: name for name in names}
