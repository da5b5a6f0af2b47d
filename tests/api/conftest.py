"""Fixtures: the real application on real databases, called over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from api.main import create_app
from api.settings import ApiSettings
from shared.database.engine import Database
from shared.database.models import Lead, Message, TelegramAccount
from shared.statuses import LeadStatus

WEBHOOK = "/leads/webhooks/tilda"


def make_settings(url: str, **values: str | float) -> ApiSettings:
    """Return settings that do not depend on the environment."""
    return ApiSettings(_env_file=None, database_url=url, **values)


class Client(httpx2.AsyncClient):
    """A client of an application in this process."""

    def __init__(self, app: FastAPI, **options: Any) -> None:  # noqa: ANN401 - those of httpx2
        super().__init__(transport=httpx2.ASGITransport(app=app), base_url="http://api", **options)
        self.app = app


@asynccontextmanager
async def running(url: str, **values: str | float) -> AsyncIterator[Client]:
    """Start an application and yield a client of it."""
    app = create_app(make_settings(url, **values))
    async with app.router.lifespan_context(app), Client(app) as client:
        # The statements of the first maintenance round must not be among those that a test counts.
        await app.state.maintenance.first_round.wait()
        yield client


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[Client]:
    """A client of an application without tokens, once for each kind of database."""
    async with running(database_url) as client:
        yield client


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """The same on SQLite only, for tests that do not depend on the database."""
    async with running(sqlite_url) as client:
        yield client


@pytest.fixture
async def lite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """The database behind `lite`."""
    database = Database(sqlite_url)
    yield database
    await database.close()


async def rows(database: Database, query: str) -> list[dict[str, Any]]:
    """Return the rows of an SQL query."""
    async with database.engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(text(query))).mappings()]


async def deliveries(database: Database) -> list[dict[str, Any]]:
    """Return the stored webhook calls, oldest first."""
    return await rows(database, "SELECT * FROM webhook_deliveries ORDER BY id")


async def add_contacted_lead(database: Database, status: LeadStatus = LeadStatus.CONTACTED) -> int:
    """Add a lead that was found in Telegram and greeted; returns its id."""
    async with database.writing() as session:
        account = TelegramAccount(telegram_user_id=2**40, session_name="main")
        session.add(account)
        await session.flush()
        peer = {"account_id": account.id, "telegram_user_id": 2**41, "access_hash": 5}
        lead = Lead(name="Анна", username="anna_k", source="api", status=status, **peer)
        session.add(lead)
        await session.flush()
        greeting = Message(
            lead_id=lead.id,
            account_id=account.id,
            direction="out",
            kind="greeting",
            state="sent",
            text="Здравствуйте!",
            random_id=1,
            telegram_message_id=1,
        )
        session.add(greeting)
    return lead.id


async def add_draft(database: Database, lead_id: int, text: str = "От 100 000 ₽") -> int:
    """Add an answer that waits for approval; returns its id."""
    message = Message(lead_id=lead_id, account_id=1, direction="out", kind="answer", state="draft", text=text)
    async with database.writing() as session:
        session.add(message)
    return message.id
