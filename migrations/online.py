"""Changes of big tables while the product runs: PostgreSQL is kept from reading or writing for moments only.

What takes long is done outside the revision's transaction, so that a revision which was interrupted has done
a part: each of these can be done again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

BATCH = 10_000
# An index that is there only where the server has pg_trgm: the models do not know of it.
SEARCH = "ix_leads_search"


def index(
    name: str,
    table: str,
    *columns: str | sa.TextClause,
    where: str | None = None,
    unique: bool = False,
    using: str | None = None,
) -> None:
    """Make an index; one that an interrupted attempt has left unusable is made anew.

    `using`: the kind of index, PostgreSQL's name of it.
    """
    condition = sa.text(where) if where else None
    options: dict[str, Any] = {"unique": unique, "postgresql_where": condition, "sqlite_where": condition}
    if using:
        options["postgresql_using"] = using
    if not is_postgres():
        op.create_index(name, table, list(columns), **options)
        return
    with op.get_context().autocommit_block():
        if _is_broken(name):
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(
            name, table, list(columns), postgresql_concurrently=True, if_not_exists=True, **options
        )


def drop_index(name: str, table: str) -> None:
    """Take an index away, if it is there."""
    if not is_postgres():
        op.drop_index(name, table, if_exists=True)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def replace_checks(table: str, **conditions: str) -> None:
    """Put these conditions in the place of a table's CHECKs. For PostgreSQL: SQLite rebuilds the table."""
    with op.get_context().autocommit_block():
        # Commits what the revision did so far: whoever holds one table and waits for another meets somebody
        # who goes the other way.
        pass
    for name, condition in conditions.items():
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name},"
            f" ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for name in conditions:
            # This one reads the table through while others write to it.
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def update(table: str, change: str, where: str) -> None:
    """Change rows a batch at a time, each committed; `where` is no longer true of what was changed."""
    statement = f"UPDATE {table} SET {change} WHERE {where}"  # noqa: S608 - a revision's own words
    if not is_postgres():
        op.execute(statement)
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        last = connection.execute(sa.text(f"SELECT COALESCE(MAX(id), 0) FROM {table}")).scalar_one()  # noqa: S608
        for first in range(0, last + 1, BATCH):
            bounds = {"first": first, "last": first + BATCH}
            connection.execute(sa.text(f"{statement} AND id >= :first AND id < :last"), bounds)


def is_postgres() -> bool:
    """Whether it is PostgreSQL that is migrated."""
    return op.get_bind().dialect.name == "postgresql"


def _is_broken(name: str) -> bool:
    found = op.get_bind().execute(
        sa.text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid"),
        {"name": name},
    )
    return found.first() is not None


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column, if an interrupted attempt has not."""
    op.add_column(table, column, if_not_exists=is_postgres() or None)


def drop_column(table: str, name: str) -> None:
    """Take a column away, if an interrupted attempt has not."""
    op.drop_column(table, name, if_exists=is_postgres() or None)
