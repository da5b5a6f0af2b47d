"""Statements that write many rows at once, and INSERT with ON CONFLICT for both databases.

The values travel as one JSON parameter. The statement is therefore the same for any number of rows: it is
compiled and prepared once.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    CursorResult,
    Dialect,
    Subquery,
    Table,
    Text,
    UpdateBase,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

if TYPE_CHECKING:
    from sqlalchemy.dialects import sqlite

Write = Callable[[Any], Any]


class BulkStatement:
    """An UPDATE or INSERT that takes its values from a subquery of given rows.

    `columns` maps each column of the subquery to the column of `table` whose type it has. `build` makes the
    statement from the subquery, for a dialect's name. It is called once: it takes longer than running the
    statement.
    """

    def __init__(
        self, table: Table, columns: Mapping[str, str], build: Callable[[Subquery, str], UpdateBase]
    ) -> None:
        self._types = {name: table.c[like].type for name, like in columns.items()}
        self._build = build
        self._built: dict[str, tuple[UpdateBase, Sequence[tuple[str, Write]]]] = {}

    async def run(
        self,
        session: AsyncSession,
        rows: Iterable[Sequence[Any]],
        **values: Any,  # noqa: ANN401 - the statement's own parameters, each of its own type
    ) -> CursorResult[Any]:
        """Run the statement for `rows`; each has the values of all columns in their order.

        Raises ValueError for NaN and lone surrogates: SQLite would store them and fail to read them.
        """
        statement, writers = self._for(session.get_bind().dialect)
        cells = [
            {name: write(value) for (name, write), value in zip(writers, row, strict=True)} for row in rows
        ]
        text = json.dumps(cells, default=datetime.isoformat, ensure_ascii=False, allow_nan=False)
        text.encode()
        return await session.exec(statement, params={"given": text, **values})

    def _for(self, dialect: Dialect) -> tuple[UpdateBase, Sequence[tuple[str, Write]]]:
        if (known := self._built.get(dialect.name)) is not None:
            return known
        writers = [(name, _writer(kind, dialect)) for name, kind in self._types.items()]
        built = self._build(_rows_from_json(self._types, dialect), dialect.name), writers
        self._built[dialect.name] = built
        return built


def insert_for(session: AsyncSession, table: type[SQLModel] | Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT into `table` that supports ON CONFLICT, for the session's database."""
    return dialect_insert(session.get_bind().dialect.name, table)


def dialect_insert(dialect: str, table: type[SQLModel] | Table) -> "postgresql.Insert | sqlite.Insert":
    """Return the same INSERT for a dialect's name; SQLAlchemy's generic one has no ON CONFLICT."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    # Imported here: it takes 0.7 MiB, and PostgreSQL does not need it.
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table)


def columns(*names: str) -> dict[str, str]:
    """Map column names to themselves, for subquery columns that are named as in the table."""
    return {name: name for name in names}


async def insert_all(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by one statement; all must have the same columns."""
    if rows:
        names = tuple(rows[0])
        await _insertion(table, names).run(session, ([row[name] for name in names] for row in rows))


@cache
def _insertion(table: Table, names: tuple[str, ...]) -> BulkStatement:
    return BulkStatement(
        table, columns(*names), lambda rows, _: insert(table).from_select(names, rows.select())
    )


async def update_all(session: AsyncSession, table: Table, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Update rows by id; `changes` maps ids to new values. Runs one statement per distinct set of columns."""
    rows: dict[tuple[str, ...], list[Sequence[Any]]] = {}
    for row_id, columns in changes.items():
        names = tuple(sorted(columns))
        rows.setdefault(names, []).append([row_id, *(columns[name] for name in names)])
    for names, values in rows.items():
        await _update(table, names).run(session, values)


@cache
def _update(table: Table, names: tuple[str, ...]) -> BulkStatement:
    return BulkStatement(
        table,
        columns("id", *names),
        lambda rows, _: (
            update(table).where(table.c.id == rows.c.id).values({name: rows.c[name] for name in names})
        ),
    )


def _rows_from_json(types: Mapping[str, TypeEngine[Any]], dialect: Dialect) -> Subquery:
    text = bindparam("given", type_=Text())
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


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Write:
    """Return the converter of a column's values: as for the driver, but JSON columns stay as they are."""
    write = None if isinstance(kind, JSON) else kind.dialect_impl(dialect).bind_processor(dialect)
    return write or _as_is


def _as_is(value: Any) -> Any:  # noqa: ANN401 - of any column
    return value
