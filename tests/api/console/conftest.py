"""Fixtures: the console over HTTP, with signed-in users of each role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.console.users import accounts, sessions
from shared.clock import utc_now
from shared.database.engine import Database
from tests.api.conftest import Client, running

# What a browser sends with a form of the page itself.
OURS = {"Sec-Fetch-Site": "same-origin"}


async def add_session(database: Database, name: str, role: str) -> str:
    """Add a user and sign them in; returns the session's id."""
    now = utc_now()
    async with database.writing() as session:
        await accounts.add(session, name, role, now)
        user = await accounts.find(session, name)
        assert user is not None
        return await sessions.start(session, user.id, now)


@asynccontextmanager
async def signed_in(
    client: Client, database: Database, name: str = "Мария", role: str = "operator"
) -> AsyncIterator[Client]:
    """Yield a browser of a new user on the same application."""
    session_id = await add_session(database, name, role)
    headers = {**OURS, "Cookie": f"console={session_id}", "Accept-Language": "en"}
    async with Client(client.app, headers=headers) as browser:
        yield browser


@pytest.fixture
async def operator(client: Client, database: Database) -> AsyncIterator[Client]:
    """A browser of an operator, once for each kind of database."""
    async with signed_in(client, database) as browser:
        yield browser


@pytest.fixture
async def visitor(sqlite_url: str) -> AsyncIterator[Client]:
    """A browser of nobody, on SQLite."""
    async with running(sqlite_url) as client:
        client.headers.update({**OURS, "Accept-Language": "en"})
        yield client
