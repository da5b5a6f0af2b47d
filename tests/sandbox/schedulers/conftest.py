"""The sandbox's schedulers and the product's API, as real servers on one clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.main import create_app
from api.settings import ApiSettings
from sandbox.calcom.mount import API as CALCOM_API
from sandbox.calcom.mount import install as install_calcom
from sandbox.calcom.state import TOKEN as CALCOM_TOKEN
from sandbox.calcom.state import Calcom
from sandbox.calcom.webhooks import Webhooks as CalcomWebhooks
from sandbox.calendly.mount import API, PAGE, install
from sandbox.calendly.state import TOKEN, Calendly
from sandbox.calendly.webhooks import Webhooks
from sandbox.http import HttpServer
from shared.bookings.schedulers.calcom_api import CalcomApi, calcom_api
from shared.bookings.schedulers.calendly_api import CalendlyApi, calendly_api
from shared.bookings.schedulers.connection import Connection
from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.rows import add_account, add_lead


@dataclass
class Story:
    """A lead with its booking link, the calendar, and the product that hears of it."""

    database: Database
    calendly: Calendly
    webhooks: Webhooks
    calcom: Calcom
    calcom_webhooks: CalcomWebhooks
    api_url: str
    calendly_url: str
    http: httpx2.AsyncClient
    lead: Lead

    @property
    def client(self) -> CalendlyApi:
        return calendly_api(f"{self.calendly_url}{API}", TOKEN)

    @property
    def connection(self) -> Connection:
        return Connection(self.database, self.client)

    @property
    def calcom_client(self) -> CalcomApi:
        return calcom_api(f"{self.calendly_url}{CALCOM_API}", CALCOM_TOKEN)

    async def control(self, path: str, scheduler: str = "calendly", **body: Any) -> dict[str, Any]:  # noqa: ANN401
        answer = await self.http.post(f"{self.calendly_url}/control/{scheduler}{path}", json=body)
        assert answer.is_success, answer.text
        await self.webhooks.idle()
        await self.calcom_webhooks.idle()
        return dict(answer.json())

    async def book(self, **body: Any) -> dict[str, Any]:  # noqa: ANN401
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)
        tracking = {"utm_content": self.lead.booking_token}
        return await self.control("/bookings", **{"start": start.isoformat(), "tracking": tracking} | body)

    async def lead_now(self) -> dict[str, Any]:
        return dict((await self.http.get(f"{self.api_url}/leads/{self.lead.id}")).json())


@pytest.fixture
async def story(kept_database: Database) -> AsyncIterator[Story]:
    account = await add_account(kept_database)
    person: dict[str, Any] = {"telegram_user_id": account + 10_000, "access_hash": 1}
    fields = {"status": LeadStatus.SCHEDULED, "booking_token": f"story-{account}", "due_at": None}
    lead = await add_lead(kept_database, account_id=account, **person, **fields)
    plain = kept_database.url.set(drivername=kept_database.url.get_backend_name())
    url = plain.render_as_string(hide_password=False)
    app = create_app(ApiSettings(_env_file=None, database_url=url))
    sandbox = FastAPI()
    calendly, webhooks = install(sandbox, first_pause=0.01)
    calcom, calcom_webhooks = install_calcom(sandbox)
    servers = HttpServer(app, "127.0.0.1", 0), HttpServer(sandbox, "127.0.0.1", 0)
    async with app.router.lifespan_context(app), httpx2.AsyncClient() as http:
        for server in servers:
            await server.start()
        api_url, calendly_url = (f"http://127.0.0.1:{server.port}" for server in servers)
        calendly.page_url = f"{calendly_url}{PAGE}"
        schedulers = (calendly, webhooks, calcom, calcom_webhooks)
        yield Story(kept_database, *schedulers, api_url, calendly_url, http, lead)
        await webhooks.stop()
        await calcom_webhooks.stop()
        for server in servers:
            await server.stop()
