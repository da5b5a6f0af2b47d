"""A running product on each database, shared by the tests; each test adds its own people."""

from collections.abc import Iterator

import pytest

from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """The running product."""
    folder = tmp_path_factory.mktemp(f"product-{request.param}")
    with running_product(folder, new_database(request, request.param, folder)) as product:
        yield product


@pytest.fixture(scope="session")
def transcribing_product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """The running product with transcription of voice messages."""
    folder = tmp_path_factory.mktemp("product-hearing")
    url = new_database(request, "sqlite", folder)
    with running_product(folder, url, TRANSCRIBE_MODEL="whisper-1") as product:
        yield product
