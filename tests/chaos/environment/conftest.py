"""One product on each database for all faults of the environment, logging at DEBUG."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.environment.installation import Installation
from tests.chaos.environment.installations import on_a_postgres, on_a_sqlite


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product on its own PostgreSQL, as a user who owns nothing."""
    with on_a_postgres(_folder(tmp_path_factory)) as installation:
        yield installation


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product on SQLite."""
    with on_a_sqlite(_folder(tmp_path_factory)) as installation:
        yield installation


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environment")
