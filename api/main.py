"""Puts the application together: `create_app(settings)`, or `api.main:app` for a server of your own."""

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from api import errors
from api.docs import pages
from api.docs.openapi import DescribedAPI
from api.intake.connections import open_database
from api.intake.writer import IntakeWriter
from api.maintenance.scheduler import MaintenanceScheduler
from api.middleware.body_limits import BodyLimits
from api.middleware.fast_path import FastPathMiddleware
from api.middleware.request_id import HEADER, RequestIds
from api.middleware.security_headers import SecurityHeaders
from api.routers import (
    deliveries,
    do_not_contact,
    drafts,
    handoff,
    health,
    imports,
    leads,
    personal_data,
    tilda_webhook,
)
from api.schemas import examples
from api.security import throttling
from api.security.rate_limiter import RateLimiter
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.database.schema_version import newest_revision
from shared.errors import ConfigError
from shared.settings import load

DESCRIPTION = """
Takes leads from website forms; the worker then writes to each person in **Telegram**.

* A **Tilda** site posts to `/leads/webhooks/tilda`; anything else may post JSON to `/leads`.
* The same submission again (`tranid`, your `Idempotency-Key`, or the same words from the same person within
  REPEAT_WINDOW_SECONDS) is stored once.
* `/deliveries` has every webhook call as it came, and reads one anew.
* `/leads` shows how far the conversations are.

With `API_TOKEN` or `TILDA_TOKEN` set, press **Authorize** first.
"""

TAGS = [
    {
        "name": "leads",
        "description": "People who asked to be written to. Guarded by `API_TOKEN`, if it is set.",
    },
    {"name": "webhooks", "description": "Form builders call these. Guarded by `TILDA_TOKEN`, if it is set."},
    {
        "name": "deliveries",
        "description": "Webhook calls as they came, and what became of each. Guarded by `API_TOKEN`, if set.",
    },
    {
        "name": "people's data",
        "description": "What people may ask for by law: their data, or its end. Guarded by `API_TOKEN`.",
    },
    {"name": "do-not-contact", "description": "Who must not be written to. Guarded by `API_TOKEN`."},
    {"name": "health", "description": "For whatever watches over the process. Never guarded."},
]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: ApiSettings = app.state.settings
    app.state.newest_revision = newest_revision()
    app.state.database = open_database(settings.database_url)
    app.state.intake = IntakeWriter(app.state.database, settings.repeat_window)
    app.state.rate_limits = RateLimiter(app.state.database, utc_now)
    app.state.upkeep = MaintenanceScheduler(app.state.database, app.state.rate_limits, settings, utc_now)
    try:
        async with app.state.upkeep.running():
            yield
    finally:
        app.state.intake.close()
        await app.state.database.close()


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """The application; without `settings` they are read from the environment.

    Raises ConfigError if one of those is missing or malformed.
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
    doors = {("POST", tilda_webhook.PATH): tilda_webhook.receive, ("POST", "/leads"): leads.create_lead_fast}
    app.add_middleware(FastPathMiddleware, doors=doors, handlers=app.exception_handlers)
    files = {imports.PATH: settings.import_max_mib * 2**20}
    app.add_middleware(BodyLimits, seconds=settings.body_seconds, files=files)
    errors.install(app)
    throttling.install(app)
    _add_outer_middleware(app, settings)
    if settings.docs_enabled:
        pages.install(app)
    # The busiest first: they are tried in this order.
    for routes in (
        tilda_webhook,
        leads,
        drafts,
        handoff,
        imports,
        deliveries,
        personal_data,
        do_not_contact,
        health,
    ):
        app.include_router(routes.router)
    return app


def _add_outer_middleware(app: FastAPI, settings: ApiSettings) -> None:
    """What stands around all routes and their errors; the last one added is the outermost."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
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
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


def __getattr__(name: str) -> FastAPI:
    """`app` is made when it is asked for: importing this module needs no settings."""
    if name != "app":
        raise AttributeError(name)
    # A server of your own logs addresses; ours may carry `?token=`.
    logging.getLogger("uvicorn.access").addFilter(_without_query)
    return _application()


def _without_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple) and len(record.args) >= 3:
        client, method, path, *rest = record.args
        record.args = (client, method, str(path).partition("?")[0], *rest)
    return True
