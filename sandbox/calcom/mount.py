"""Adds the sandbox's Cal.com to an application of the sandbox."""

import time
from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.requests import Request

from sandbox.calcom.api import CalcomProblem, build_api
from sandbox.calcom.control import build_control
from sandbox.calcom.state import Calcom
from sandbox.calcom.webhooks import Webhooks

API, CONTROL = "/calcom-api", "/control/calcom"


def install(app: FastAPI, clock: Callable[[], float] = time.time) -> tuple[Calcom, Webhooks]:
    """Add the API and the control; returns the state and the webhooks."""
    calcom = Calcom(clock)
    webhooks = Webhooks(calcom)
    app.include_router(build_api(calcom, API))
    app.include_router(build_control(calcom, webhooks, CONTROL))

    @app.exception_handler(CalcomProblem)
    async def in_calcoms_form(request: Request, error: CalcomProblem) -> JSONResponse:  # noqa: ARG001 - of the framework
        return JSONResponse(error.detail, error.status_code, error.headers)

    return calcom, webhooks
