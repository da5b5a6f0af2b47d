"""Adds the sandbox's Calendly to an application of the sandbox."""

import time
from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.requests import Request

from sandbox.calendly.api import Problem, build_api
from sandbox.calendly.control import build_control
from sandbox.calendly.page import build_page
from sandbox.calendly.state import Calendly
from sandbox.calendly.webhooks import FIRST_PAUSE_SECONDS, Webhooks

PAGE, API, CONTROL = "/calendly", "/calendly-api", "/control/calendly"
# The address that the demo gives as CALENDLY_LINK, after the sandbox's own.
BOOKING_PAGE = f"{PAGE}/gordovcode/30min"


def install(
    app: FastAPI, clock: Callable[[], float] = time.time, first_pause: float = FIRST_PAUSE_SECONDS
) -> tuple[Calendly, Webhooks]:
    """Add the API, the booking page and the control; returns the state and the webhooks."""
    calendly = Calendly(clock)
    webhooks = Webhooks(calendly, first_pause)
    app.include_router(build_api(calendly, webhooks, API))
    app.include_router(build_control(calendly, webhooks, CONTROL))
    app.include_router(build_page(calendly, webhooks, PAGE))

    @app.exception_handler(Problem)
    async def in_calendlys_form(request: Request, error: Problem) -> JSONResponse:  # noqa: ARG001 - of the framework
        return JSONResponse(error.detail, error.status_code, error.headers)

    return calendly, webhooks
