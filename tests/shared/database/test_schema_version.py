"""The state of a database's schema, compared with the shipped migrations."""

import pytest

from shared.database.engine import Database
from shared.database.schema_version import (
    SchemaState,
    SchemaVersion,
    newest_revision,
    read_schema_version,
    schema_state,
)


async def _set_revision(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


async def test_migrated_database_is_current(database: Database) -> None:
    assert await schema_state(database) is SchemaState.CURRENT
    assert await read_schema_version(database) == SchemaVersion(SchemaState.CURRENT, [newest_revision()])


@pytest.mark.parametrize(("revision", "state"), [("0001", SchemaState.OUTDATED), ("9999", SchemaState.NEWER)])
async def test_other_revisions_are_older_or_unknown(
    database: Database, revision: str, state: SchemaState
) -> None:
    await _set_revision(database, revision)
    assert await read_schema_version(database) == SchemaVersion(state, [revision])


async def test_database_without_a_revision_is_outdated(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM alembic_version")
    assert await read_schema_version(database) == SchemaVersion(SchemaState.OUTDATED, [])


async def test_database_without_tables_is_empty(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE alembic_version")
    assert await schema_state(database) is SchemaState.EMPTY


async def test_database_that_is_down_is_unreachable() -> None:
    database = Database("postgresql://u:p@127.0.0.1:1/x", pool_size=1)
    version = await read_schema_version(database)
    assert version.state is SchemaState.UNREACHABLE
    assert version.fault is not None
    assert version.fault.text == "the database cannot be reached"
    await database.close()
