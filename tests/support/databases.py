"""Creates the databases that fixtures of all scopes need."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def new_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> str:
    """Create a migrated, empty database, `sqlite` (in `folder`) or `postgresql`; returns its URL."""
    if kind == "postgresql":
        return str(request.getfixturevalue("postgres").create())
    return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder / 'leads.db')}"


@contextmanager
def lent_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of such a database until the block ends."""
    if kind == "postgresql":
        with request.getfixturevalue("postgres").lend() as url:
            yield url
    else:
        yield new_database(request, kind, folder)
