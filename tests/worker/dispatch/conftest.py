"""A model server, and a worker that calls it, on a clock that the test moves."""

from collections.abc import AsyncIterator

import pytest

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from sandbox.http import HttpServer
from shared.database.engine import Database
from tests.support.inline_sqlite import run_inline
from tests.support.model_journey import Journey, journey


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[tuple[str, OpenAIState]]:
    """One model server for the module."""
    state = OpenAIState()
    http = HttpServer(create_openai_app(state), "127.0.0.1", 0)
    await http.start()
    yield f"http://127.0.0.1:{http.port}/v1", state
    await http.stop()


@pytest.fixture(scope="module")
def journey_database(kept_database: Database) -> Database:
    """The module's database, without threads: a journey is one worker, and makes thousands of statements."""
    if not kept_database.is_postgres:
        run_inline(kept_database)
    return kept_database


@pytest.fixture
async def talk(journey_database: Database, served: tuple[str, OpenAIState]) -> AsyncIterator[Journey]:
    """A worker with the default pauses."""
    async with journey(journey_database, *served) as run:
        yield run
