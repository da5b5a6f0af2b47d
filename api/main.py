"""Builds the application: `create_app(settings)`, or `api.main:app` for another ASGI server."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import RedirectResponse

from api import errors
from api.console import mount as console
from api.docs import pages
from api.docs.openapi import DescribedAPI
from api.intake.writer import IntakeWriter
from api.maintenance.scheduler import MaintenanceScheduler
from api.middleware.body_limits import MIB, BodyLimits, FileLimit
from api.middleware.fast_path import FastPathMiddleware
from api.middleware.request_id import HEADER, RequestIds
from api.middleware.request_priority import FormsFirst
from api.middleware.security_headers import SecurityHeaders
from api.routers import (
    bookings,
    deliveries,
    do_not_contact,
    drafts,
    handoff,
    health,
    imports,
    leads,
    pauses,
    personal_data,
    webhooks,
)
from api.schemas import examples
from api.security import throttling
from api.security.rate_limiter import RateLimiter
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.database.checks.write_check import WriteCheck
from shared.database.drivers.connections import open_database
from shared.database.schema_version import newest_revision
from shared.errors import ConfigError
from shared.settings import error_line, load

DESCRIPTION = """
Stores leads from website forms; the worker then writes to each person in **Telegram**.

* A **Tilda** site posts to `/leads/webhooks/tilda`, any other form builder or service to
  `/leads/webhooks/{source}`; your own programs post JSON to `/leads`.
* A repeated submission is stored once. It is recognised by `tranid`, by your `Idempotency-Key`, or by its
  content: the same from the same person within REPEAT_WINDOW_SECONDS.
* `/deliveries` lists every webhook call with its body, and can process one again.
* `/leads` shows the status of each conversation.

With `API_TOKEN` or `TILDA_TOKEN` set, press **Authorize** first.
"""

TAGS = [
    {
        "name": "leads",
        "description": "People who asked to be contacted. Requires `API_TOKEN`, if it is set.",
    },
    {"name": "webhooks", "description": "Form builders call these. Requires `TILDA_TOKEN`, if it is set."},
    {
        "name": "deliveries",
        "description": "Webhook calls with their bodies and outcomes. Requires `API_TOKEN`, if it is set.",
    },
    {"name": "bookings", "description": "Meetings in a calendar, as schedulers or humans report them."},
    {
        "name": "people's data",
        "description": "Export or delete a person's data on request. Requires `API_TOKEN`, if it is set.",
    },
    {
        "name": "do-not-contact",
        "description": "Contacts that get no messages. Requires `API_TOKEN`, if it is set.",
    },
    {"name": "health", "description": "For monitoring. Never requires a token."},
]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: ApiSettings = app.state.settings
    app.state.newest_revision = newest_revision()
    app.state.database = open_database(settings.database_url)
    app.state.write_check = WriteCheck(app.state.database)
    app.state.intake = IntakeWriter(app.state.database, settings.repeat_window)
    app.state.rate_limiter = RateLimiter(app.state.database, utc_now)
    app.state.maintenance = MaintenanceScheduler(
        app.state.database, app.state.rate_limiter, settings, utc_now
    )
    try:
        async with app.state.maintenance.running():
            yield
    finally:
        console.close(app.state)
        app.state.intake.close()
        await app.state.database.close()


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """Build the application; without `settings`, they are read from the environment.

    Raises ConfigError if a setting is missing or malformed.
    """
    settings = settings or load(ApiSettings)
    app = DescribedAPI(
        title="AI Lead Assistant",
        description=DESCRIPTION,
        version=version("ai-lead-assistant"),
        openapi_tags=TAGS,
        openapi_url=pages.OPENAPI if settings.docs_enabled else None,
        docs_url=None,
        redoc_url=None,
        responses=examples.BUG,
        swagger_ui_parameters={"tryItOutEnabled": True, "persistAuthorization": True},
        lifespan=_lifespan,
    )
    app.state.settings = settings
    endpoints = {
        ("POST", webhooks.TILDA_PATH): webhooks.receive,
        ("POST", "/leads"): leads.create_lead_fast,
    }
    app.add_middleware(FastPathMiddleware, endpoints=endpoints, handlers=app.exception_handlers)
    files = (
        FileLimit(imports.PATH, settings.import_max_mib * MIB),
        FileLimit(f"{console.PATH}/import", settings.import_max_mib * MIB),
        FileLimit(webhooks.PREFIX, settings.webhook_max_mib * MIB, "multipart/form-data"),
    )
    app.add_middleware(BodyLimits, seconds=settings.body_seconds, files=files)
    app.add_middleware(FormsFirst, webhooks=webhooks.PREFIX)
    errors.install(app)
    throttling.install(app)
    _add_outer_middleware(app, settings)
    if settings.docs_enabled:
        pages.install(app)
    # The busiest first: routes are matched in this order.
    for module in (
        webhooks,
        leads,
        drafts,
        handoff,
        imports,
        deliveries,
        personal_data,
        do_not_contact,
        bookings,
        pauses,
        health,
    ):
        app.include_router(module.router)
    if settings.console_enabled:
        app.mount(console.PATH, console.LazyConsole())
    _add_start_page(app, settings)
    return app


def _add_start_page(app: FastAPI, settings: ApiSettings) -> None:
    """Lead a browser from `/` to the console, else to the documentation."""
    if not (settings.console_enabled or settings.docs_enabled):
        return
    target = console.PATH if settings.console_enabled else pages.DOCS

    @app.get("/", include_in_schema=False)
    async def start_page(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{request.scope.get('root_path', '')}{target}", status_code=307)


def _add_outer_middleware(app: FastAPI, settings: ApiSettings) -> None:
    """Add the middleware that wraps all routes and error handlers; the last one added is the outermost."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-API-Key", HEADER],
            expose_headers=["Location", "Retry-After", HEADER],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIds)


@cache
def _application() -> FastAPI:
    try:
        return create_app()
    except ConfigError as error:
        sys.stderr.write(f"{error_line(error)}\n")
        sys.exit(2)


def __getattr__(name: str) -> FastAPI:
    """Build `app` when it is first used: importing this module needs no settings."""
    if name != "app":
        raise AttributeError(name)
    # The access log of another server contains URLs, and the webhook's URL may contain `?token=`.
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    return _application()


def _without_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple) and len(record.args) >= 3:
        client, method, path, *rest = record.args
        record.args = (client, method, str(path).partition("?")[0], *rest)
    return True
