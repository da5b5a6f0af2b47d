"""The API imports only modules that it needs for serving."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.support.waiting import patience_seconds

SCRIPT = """
import sys
import api.__main__
from shared.database.drivers.connections import open_database
from api.forms.contacts.phone_regions import country_named
open_database(sys.argv[1])
assert country_named("Германия") == "DE"
print(*sys.modules)
"""
UNNEEDED = {"yaml", "alembic", "openai", "pyrogram", "pydantic.v1.main", "jinja2", "pwdlib", "argon2"}
# The places of all phone numbers, which the names of countries stand beside: 97 MiB.
UNNEEDED |= {"phonenumbers.geodata"}
UNNEEDED |= {"shared.database.console_models", "shared.bookings.schedulers.http_api"}


@pytest.mark.parametrize(
    ("url", "driver", "others"),
    [
        ("sqlite:///leads.db", "sqlite3", {"psycopg"}),
        ("postgresql://127.0.0.1/leads", "psycopg", {"aiosqlite", "sqlalchemy.dialects.sqlite"}),
    ],
    ids=["sqlite", "postgresql"],
)
def test_only_needed_modules_are_imported(url: str, driver: str, others: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, url],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
    )
    loaded = set(done.stdout.split())
    assert driver in loaded
    assert not loaded & (UNNEEDED | others)
