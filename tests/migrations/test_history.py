"""The migrations lead up, down and up again, and end where the models say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from shared.database import models
from shared.database.engine import Database
from shared.database.models import SQLModel
from shared.database.schema_version import known_revisions, newest_revision
from tests.conftest import ROOT, Postgres
from tests.support.waiting import patience_seconds

assert models, "importing it fills the metadata"

# They cannot tell of SQLite's indexes on expressions: `_expressions` does.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]

TABLES = {
    "leads",
    "messages",
    "lead_events",
    "owner_messages",
    "owner_notices",
    "telegram_accounts",
    "account_holds",
    "account_calls",
    "telegram_people",
    "webhook_deliveries",
    "do_not_contact",
    "rate_limits",
    "do_not_contact_key",
}


def _alembic(url: str, *command: str) -> None:
    words = [sys.executable, "-m", "alembic", "-x", f"url={url}", *command]
    done = subprocess.run(
        words, cwd=ROOT, check=False, capture_output=True, text=True, timeout=patience_seconds()
    )
    assert done.returncode == 0, done.stderr


async def _look(url: str) -> dict[str, Any]:
    database = Database(url, pool_size=1)
    try:
        async with database.engine.connect() as connection:
            return await connection.run_sync(_schema)
    finally:
        await database.close()


def _schema(connection: Connection) -> dict[str, Any]:
    """All that the database can tell of its tables, and the names of what stands beside them."""
    inspector = inspect(connection)
    tables = {name: _table(connection, name) for name in inspector.get_table_names()}
    tables.pop("alembic_version", None)
    if connection.dialect.name == "postgresql":
        beside = (
            "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal UNION SELECT proname FROM pg_proc"
        )
        beside += " WHERE pronamespace = 'public'::regnamespace"
    else:
        beside = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    names = set(connection.execute(text(beside)).scalars()) | set(inspector.get_view_names())
    return {"tables": tables, "beside": names}


def _table(connection: Connection, name: str) -> dict[str, Any]:
    inspector = inspect(connection)
    columns = {
        column["name"]: (str(column["type"]), column["nullable"], _default(column["default"]))
        for column in inspector.get_columns(name)
    }
    return {
        "columns": columns,
        "expressions": _expressions(connection, name),
        "primary key": inspector.get_pk_constraint(name),
        "checks": {check["name"]: _even(check["sqltext"]) for check in inspector.get_check_constraints(name)},
        "unique": sorted((str(u["name"]), u["column_names"]) for u in inspector.get_unique_constraints(name)),
        "foreign keys": sorted((str(key["name"]), str(key)) for key in inspector.get_foreign_keys(name)),
        "indexes": {str(index["name"]): _index(dict(index)) for index in inspector.get_indexes(name)},
    }


def _expressions(connection: Connection, table: str) -> set[str]:
    """SQLite's indexes on expressions, as they were made."""
    if connection.dialect.name == "postgresql":
        return set()
    made = text(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql LIKE '%((%'"
    )
    return {_even(sql) for sql in connection.execute(made, {"table": table}).scalars()}


def _default(sql: str | None) -> str | None:
    # PostgreSQL keeps both names of the same moment as they were written.
    return "CURRENT_TIMESTAMP" if sql == "now()" else sql


def _index(index: dict[str, Any]) -> tuple[object, ...]:
    options = index.get("dialect_options", {})
    where = options.get("postgresql_where", options.get("sqlite_where"))
    return index["column_names"], bool(index["unique"]), None if where is None else _even(str(where))


def _even(sql: str) -> str:
    return " ".join(sql.split())


@pytest.fixture
async def models_url(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> str:
    """A database of the same kind that is made from the models, without migrations."""
    if not database.is_postgres:
        return f"sqlite:///{tmp_path}/models.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.create()
    other = Database(url, pool_size=1)
    async with other.engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await other.close()
    return url


async def test_down_to_nothing_and_up_again(database_url: str) -> None:
    before = await _look(database_url)
    assert set(before["tables"]) == TABLES
    assert {"leads_arrival", "lead_overview", "account_overview"} <= before["beside"]
    _alembic(database_url, "downgrade", "base")
    assert await _look(database_url) == {"tables": {}, "beside": set()}
    _alembic(database_url, "upgrade", "head")
    assert await _look(database_url) == before


async def test_nothing_is_left_to_migrate(database: Database) -> None:
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    assert differences == []


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))


async def test_the_models_make_the_same_tables(
    database: Database, database_url: str, models_url: str
) -> None:
    """Autogenerate sees neither CHECKs nor the conditions of partial indexes: the database does."""
    other = Database(models_url, pool_size=1)
    async with other.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await other.close()
    migrated, modelled = await _look(database_url), await _look(models_url)
    assert set(modelled["tables"]) == TABLES
    for name in TABLES:
        assert migrated["tables"][name] == modelled["tables"][name], name
    assert any(index[2] for index in migrated["tables"]["leads"]["indexes"].values()), "conditions are seen"
    assert len(migrated["tables"]["leads"]["checks"]) == 3


def test_a_wrong_address_is_one_line_without_its_password() -> None:
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {"DATABASE_URL": "mysql://ann:hunter2@host/leads", "PATH": ""}
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
    )
    assert done.returncode != 0
    assert done.stderr.startswith("error: DATABASE_URL: no support for 'mysql'")
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr


def test_the_names_of_the_files_tell_the_revisions() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    assert known_revisions() == {script.revision for script in scripts.walk_revisions()}
    assert newest_revision() == scripts.get_current_head()


async def test_who_refers_to_a_lead_is_found_by_an_index(database: Database) -> None:
    """Else the erasure of one would read all that could refer to it."""
    async with database.engine.connect() as connection:
        unfound = await connection.run_sync(_unindexed)
    assert unfound == []


def _unindexed(connection: Connection) -> list[tuple[str, str]]:
    inspector = inspect(connection)
    return [
        (table, column)
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
        if key["referred_table"] == "leads"
        for column in key["constrained_columns"]
        if column not in {index["column_names"][0] for index in inspector.get_indexes(table)}
    ]
