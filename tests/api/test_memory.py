"""The api holds nothing in memory that it does not serve with."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = """
import sys
import api.__main__
from api.intake.connections import open_database
open_database(sys.argv[1])
print(*sys.modules)
"""
UNNEEDED = {"yaml", "alembic", "openai", "pyrogram", "pydantic.v1.main"}


@pytest.mark.parametrize(
    ("url", "driver", "others"),
    [
        ("sqlite:///leads.db", "sqlite3", {"psycopg"}),
        ("postgresql://127.0.0.1/leads", "psycopg", {"aiosqlite"}),
    ],
    ids=["sqlite", "postgresql"],
)
def test_only_what_it_serves_with_is_loaded(url: str, driver: str, others: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, url], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert driver in loaded
    assert not loaded & (UNNEEDED | others)
