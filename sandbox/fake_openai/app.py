"""The fake OpenAI server: OpenAI's routes under `/v1`, its control routes under `/openai`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi_offline import FastAPIOffline

from sandbox.fake_openai.call_log import Call
from sandbox.fake_openai.control import build_control
from sandbox.fake_openai.endpoints.models import find_model, list_models
from sandbox.fake_openai.endpoints.request_handling import CHAT, RESPONSES, apply_fault, bearer_key, serve
from sandbox.fake_openai.endpoints.transcriptions import serve_transcription
from sandbox.fake_openai.errors import ApiError
from sandbox.fake_openai.faults import breaks_connection
from sandbox.fake_openai.outages import DroppedResponse
from sandbox.fake_openai.state import OpenAIState

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_openai_app(state: OpenAIState | None = None) -> FastAPI:
    """Return an application with the router; its state is `app.state.openai`."""
    # Its pages load their scripts from here: the demo needs no internet.
    app: FastAPI = FastAPIOffline(title="OpenAI sandbox", description=__doc__ or "")
    app.state.openai = state or OpenAIState()
    app.include_router(build_router(app.state.openai))
    return app


def build_router(state: OpenAIState) -> APIRouter:
    """Return the routes of one server, for the root of an application."""
    router = APIRouter()
    router.include_router(build_control(state))
    router.include_router(_build_api(state), prefix="/v1", tags=["openai"])
    return router


def _build_api(state: OpenAIState) -> APIRouter:
    router = APIRouter()

    @router.post("/responses")
    async def create_response(request: Request) -> Response:
        """Answer a Responses API request, without tools and streaming."""
        return await serve(state, RESPONSES, request)

    @router.post("/chat/completions")
    async def create_chat_completion(request: Request) -> Response:
        """Answer a Chat Completions API request, without tools and streaming."""
        return await serve(state, CHAT, request)

    @router.post("/audio/transcriptions")
    async def create_transcription(request: Request) -> Response:
        """Return the text of a voice message of the fake Telegram."""
        return await serve_transcription(state, request)

    _add_models(router, state)

    @router.api_route("/{path:path}", methods=METHODS, include_in_schema=False)
    async def unknown(request: Request) -> Response:
        return _error_response(
            ApiError(404, f"Invalid URL ({request.method} {request.url.path})"), _request_id()
        )

    return router


def _add_models(router: APIRouter, state: OpenAIState) -> None:
    @router.get("/models")
    async def models(request: Request) -> Response:
        return await _serve_models(state, request, lambda: list_models(state.model_kind))

    @router.get("/models/{name:path}")
    async def model(request: Request, name: str) -> Response:
        return await _serve_models(state, request, lambda: find_model(name, state.model_kind))


async def _serve_models(state: OpenAIState, request: Request, find: Callable[[], dict[str, Any]]) -> Response:
    call = Call(id=_request_id(), at=datetime.now(UTC), api="models", status=200)
    fault = state.faults.take("models", request.url.path)
    call.fault = fault.kind if fault else None
    try:
        key = bearer_key(request)
        await apply_fault(fault, key, request)
        dropped = breaks_connection(fault)
        response: Response = DroppedResponse() if dropped else JSONResponse(find())
        response.headers["x-request-id"] = call.id
        call.status = 0 if dropped else 200
    except ApiError as error:
        call.status, call.error = error.status, str(error)
        response = _error_response(error, call.id)
    state.calls.add(call)
    return response


def _error_response(error: ApiError, request_id: str) -> Response:
    return JSONResponse(error.body(), error.status, headers={**error.headers, "x-request-id": request_id})


def _request_id() -> str:
    return f"req_{uuid4().hex}"
