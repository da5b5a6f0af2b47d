"""Several rows' worth of values as a table of one statement, so that many rows are written at once.

They travel as one JSON text: the statement is the same however many there are, compiled and prepared once.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Dialect, Subquery, Table, Text, cast, column, func, insert, literal, select
from sqlalchemy.types import TypeEngine
from sqlmodel.ext.asyncio.session import AsyncSession


def given(
    session: AsyncSession, table: Table, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> Subquery:
    """A table `given`: `columns` names its columns and says of which column of `table` each has the type."""
    dialect = session.get_bind().dialect
    types = {name: table.c[like].type for name, like in columns.items()}
    written = [(name, _writer(kind, dialect)) for name, kind in types.items()]
    values = [{name: write(value) for (name, write), value in zip(written, row, strict=True)} for row in rows]
    text = literal(json.dumps(values, default=datetime.isoformat), Text())
    if dialect.name == "postgresql":
        record = func.json_to_recordset(cast(text, JSON)).table_valued(
            *(column(name, kind) for name, kind in types.items())
        )
        cells: list[Any] = list(record.render_derived(name="record", with_types=True).c)
    else:
        each = func.json_each(text).table_valued("value")
        cells = [
            func.json_extract(each.c.value, f"$.{name}", type_=kind).label(name)
            for name, kind in types.items()
        ]
    return select(*cells).subquery("given")


def same(*names: str) -> dict[str, str]:
    """Columns that are called as they are in the table."""
    return {name: name for name in names}


async def insert_all(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all with the same columns, by one statement."""
    if rows:
        names = list(rows[0])
        source = given(session, table, same(*names), ([row[name] for name in names] for row in rows))
        await session.exec(insert(table).from_select(names, source.select()))


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """How a column's value is written in JSON: as the driver would get it, or as JSON where that is kept."""
    write = None if isinstance(kind, JSON) else kind.dialect_impl(dialect).bind_processor(dialect)
    return write or _as_is


def _as_is(value: Any) -> Any:  # noqa: ANN401 - of any column
    return value
