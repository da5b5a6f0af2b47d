"""The migrations run up, down and up again, and produce the schema of the models."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from shared.database import console_models, model_server_models, models
from shared.database.engine import Database
from shared.database.models import SQLModel
from shared.database.schema_version import known_revisions, newest_revision
from tests.conftest import ROOT, Postgres
from tests.support.commands import run_alembic
from tests.support.waiting import patience_seconds

assert all((console_models, model_server_models, models)), "importing it fills the metadata"

# SQLAlchemy cannot reflect SQLite's indexes on expressions; `_expressions` reads them.
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
    "owner_identities",
    "telegram_accounts",
    "account_holds",
    "account_calls",
    "telegram_people",
    "webhook_deliveries",
    "do_not_contact",
    "rate_limits",
    "model_servers",
    "do_not_contact_key",
    "users",
    "user_sessions",
    "user_links",
    "login_attempts",
    "lead_notes",
    "lead_actions",
    "lead_views",
    "canned_texts",
    "console_watch",
    "sending_pause",
    "bookings",
    "booking_events",
    "planned_messages",
    "booking_connections",
}


def _alembic(url: str, *command: str) -> None:
    done = run_alembic(url, *command)
    assert done.returncode == 0, done.stderr


async def _read_schema(url: str) -> dict[str, Any]:
    database = Database(url, pool_size=1)
    try:
        async with database.engine.connect() as connection:
            return await connection.run_sync(_schema)
    finally:
        await database.close()


def _schema(connection: Connection) -> dict[str, Any]:
    """Return all that the database reports of its tables, and the names of triggers, functions and views."""
    inspector = inspect(connection)
    tables = {name: _table(connection, name) for name in inspector.get_table_names()}
    tables.pop("alembic_version", None)
    if connection.dialect.name == "postgresql":
        others = (
            "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal UNION SELECT proname FROM pg_proc"
        )
        others += " WHERE pronamespace = 'public'::regnamespace"
    else:
        others = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    names = set(connection.execute(text(others)).scalars()) | set(inspector.get_view_names())
    return {"tables": tables, "others": names}


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
        "checks": {
            check["name"]: _normalise(check["sqltext"]) for check in inspector.get_check_constraints(name)
        },
        "unique": sorted((str(u["name"]), u["column_names"]) for u in inspector.get_unique_constraints(name)),
        "foreign keys": sorted((str(key["name"]), str(key)) for key in inspector.get_foreign_keys(name)),
        "indexes": {str(index["name"]): _index(dict(index)) for index in inspector.get_indexes(name)},
    }


def _expressions(connection: Connection, table: str) -> set[str]:
    """Return the SQL of SQLite's indexes on expressions."""
    if connection.dialect.name == "postgresql":
        return set()
    made = text(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql LIKE '%((%'"
    )
    return {_normalise(sql) for sql in connection.execute(made, {"table": table}).scalars()}


def _default(sql: str | None) -> str | None:
    # PostgreSQL stores both spellings of the current time as they were written.
    return "CURRENT_TIMESTAMP" if sql == "now()" else sql


def _index(index: dict[str, Any]) -> tuple[object, ...]:
    options = index.get("dialect_options", {})
    where = options.get("postgresql_where", options.get("sqlite_where"))
    return index["column_names"], bool(index["unique"]), None if where is None else _normalise(str(where))


def _normalise(sql: str) -> str:
    return " ".join(sql.split())


@pytest.fixture
async def models_url(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> str:
    """An empty database of the same kind, to be filled from the models."""
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


async def test_downgrade_to_base_and_upgrade_restore_the_schema(database_url: str) -> None:
    before = await _read_schema(database_url)
    assert set(before["tables"]) == TABLES
    assert {"leads_arrival", "lead_overview", "account_overview"} <= before["others"]
    _alembic(database_url, "downgrade", "base")
    assert await _read_schema(database_url) == {"tables": {}, "others": set()}
    _alembic(database_url, "upgrade", "head")
    assert await _read_schema(database_url) == before


async def test_autogenerate_finds_no_difference(database: Database) -> None:
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    assert differences == []


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))


async def test_models_create_the_same_tables(database: Database, database_url: str, models_url: str) -> None:
    """Compares the databases: autogenerate sees neither CHECKs nor the conditions of partial indexes."""
    other = Database(models_url, pool_size=1)
    async with other.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await other.close()
    migrated, modelled = await _read_schema(database_url), await _read_schema(models_url)
    assert set(modelled["tables"]) == TABLES
    for name in TABLES:
        assert migrated["tables"][name] == modelled["tables"][name], name
    assert any(index[2] for index in migrated["tables"]["leads"]["indexes"].values()), (
        "conditions are compared"
    )
    assert len(migrated["tables"]["leads"]["checks"]) == 3


def test_invalid_address_is_reported_in_one_line_without_its_password() -> None:
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {"DATABASE_URL": "mysql://ann:hunter2@host/leads", "OWNER_LANGUAGE": "en", "PATH": ""}
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


def test_file_names_match_the_revisions() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    assert known_revisions() == {script.revision for script in scripts.walk_revisions()}
    assert newest_revision() == scripts.get_current_head()


async def test_every_reference_to_a_lead_has_an_index(database: Database) -> None:
    """Without one, erasing a lead scans every table that refers to leads."""
    async with database.engine.connect() as connection:
        missing = await connection.run_sync(_unindexed)
    assert missing == []


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
