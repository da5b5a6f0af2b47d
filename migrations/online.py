"""Schema changes of big tables while the product runs: PostgreSQL tables are locked for moments only.

Long operations run outside the revision's transaction. An interrupted revision is therefore partly applied,
so each function here can be repeated.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

BATCH = 10_000
# This index exists only if the server has pg_trgm, so the models do not declare it.
SEARCH = "ix_leads_search"


def index(
    name: str,
    table: str,
    *columns: str | sa.TextClause,
    where: str | None = None,
    unique: bool = False,
    using: str | None = None,
) -> None:
    """Create an index; an invalid one left by an interrupted attempt is dropped first.

    `using`: PostgreSQL's name of the index type, such as `gin`.
    """
    condition = sa.text(where) if where else None
    options: dict[str, Any] = {"unique": unique, "postgresql_where": condition, "sqlite_where": condition}
    if using:
        options["postgresql_using"] = using
    if not is_postgres():
        op.create_index(name, table, list(columns), **options)
        return
    with op.get_context().autocommit_block():
        if _is_invalid(name):
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(
            name, table, list(columns), postgresql_concurrently=True, if_not_exists=True, **options
        )


def drop_index(name: str, table: str) -> None:
    """Drop an index if it exists."""
    if not is_postgres():
        op.drop_index(name, table, if_exists=True)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def commit() -> None:
    """Commit what the revision did so far, which releases its locks.

    A transaction that holds one table and waits for another may deadlock with one that locks them in the
    other order.
    """
    if is_postgres():
        with op.get_context().autocommit_block():
            pass


def replace_checks(table: str, **conditions: str) -> None:
    """Replace the conditions of a table's CHECKs. PostgreSQL only: SQLite rebuilds the table."""
    commit()
    for name, condition in conditions.items():
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name},"
            f" ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for name in conditions:
            # VALIDATE scans the table while other transactions write to it.
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def update(table: str, change: str, where: str) -> None:
    """Update rows in batches, each committed."""
    in_batches(table, f"UPDATE {table} SET {change} WHERE {where}")  # noqa: S608 - of a revision


def in_batches(table: str, statement: str) -> None:
    """Run a statement that ends with a condition once for each range of the table's ids, each committed."""
    if not is_postgres():
        op.execute(statement)
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        last = connection.execute(sa.text(f"SELECT COALESCE(MAX(id), 0) FROM {table}")).scalar_one()  # noqa: S608
        for first in range(0, last + 1, BATCH):
            bounds = {"first": first, "last": first + BATCH}
            condition = f"{table}.id >= :first AND {table}.id < :last"
            connection.execute(sa.text(f"{statement} AND {condition}"), bounds)


def is_postgres() -> bool:
    """Return True if the migrated database is PostgreSQL."""
    return op.get_bind().dialect.name == "postgresql"


def has_table(name: str) -> bool:
    """Return True if an interrupted attempt has created the table."""
    return sa.inspect(op.get_bind()).has_table(name)


def _is_invalid(name: str) -> bool:
    found = op.get_bind().execute(
        sa.text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid"),
        {"name": name},
    )
    return found.first() is not None


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column unless an interrupted attempt has added it."""
    op.add_column(table, column, if_not_exists=is_postgres() or None)


def drop_column(table: str, name: str) -> None:
    """Drop a column unless an interrupted attempt has dropped it."""
    op.drop_column(table, name, if_exists=is_postgres() or None)
