"""Handles one model request: key, body, fault, answer, log."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from sandbox.fake_openai.call_log import Call
from sandbox.fake_openai.endpoints import chat_completions, responses
from sandbox.fake_openai.endpoints.request_parsing import Body
from sandbox.fake_openai.errors import ApiError, missing_key
from sandbox.fake_openai.faults import Delay, Fault, Hang, RawAnswer, breaks_connection
from sandbox.fake_openai.outages import DroppedResponse, error_of, scripted_response
from sandbox.fake_openai.replies import answer_turn
from sandbox.fake_openai.state import OpenAIState
from sandbox.fake_openai.turn import Answer, Turn
from sandbox.fake_openai.usage import Usage, count_tokens


@dataclass(frozen=True)
class Dialect:
    """One of the two APIs: how to parse a request and render an answer."""

    api: Literal["responses", "chat"]
    parse: Callable[[Body], Turn]
    render: Callable[[Turn, Answer, Usage, Body], dict[str, Any]]


RESPONSES = Dialect("responses", responses.parse, responses.render)
CHAT = Dialect("chat", chat_completions.parse, chat_completions.render)


async def serve(state: OpenAIState, dialect: Dialect, request: Request) -> Response:
    """Answer one model request and log it, also if it fails."""
    started = time.perf_counter()
    call = Call(id=f"req_{uuid4().hex}", at=datetime.now(UTC), api=dialect.api, status=200)
    try:
        response = await _answer(state, dialect, request, call)
    except ApiError as error:
        call.status, call.error = error.status, str(error)
        response = JSONResponse(error.body(), error.status, headers=error.headers)
    state.calls.add(call)
    response.headers["x-request-id"] = call.id
    response.headers["openai-processing-ms"] = str(round((time.perf_counter() - started) * 1000))
    return response


async def _answer(state: OpenAIState, dialect: Dialect, request: Request, call: Call) -> Response:
    key = bearer_key(request)
    body = await _read_body(request)
    call.model = str(body["model"]) if body.get("model") else None
    turn = dialect.parse(body)
    call.instructions, call.messages, call.schema_name = turn.instructions, turn.messages, turn.format.name
    fault = state.faults.take(dialect.api, f"{turn.prompt()}\n{json.dumps(body, ensure_ascii=False)}")
    call.fault = fault.kind if fault else None
    if state.latency_seconds:
        await asyncio.sleep(state.latency_seconds)
    await apply_fault(fault, key, request)
    if breaks_connection(fault):
        call.status = 0
        return DroppedResponse()
    if isinstance(fault, RawAnswer):
        call.status = fault.status
        return await scripted_response(fault)
    answer = answer_turn(turn, fault, obedient=state.obedient, small=state.small)
    call.answer = answer.text if answer.refusal is None else answer.refusal
    call.usage = _count(state, turn, answer)
    return JSONResponse(dialect.render(turn, answer, call.usage, body))


def bearer_key(request: Request) -> str:
    """Return the Bearer key of a request. Raises ApiError (401) if there is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise missing_key()
    return key.strip()


async def apply_fault(fault: Fault | None, key: str, request: Request) -> None:
    """Wait if the fault is a delay or a hang, and raise the fault's HTTP error."""
    if isinstance(fault, Delay):
        await asyncio.sleep(fault.seconds)
    if isinstance(fault, Hang):
        await _hang(fault.seconds, request)
    if error := error_of(fault, key):
        raise error


async def _hang(seconds: float, request: Request) -> None:
    """Send nothing until the time is over or the client disconnects."""
    try:
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _read_body(request: Request) -> Body:
    try:
        body = json.loads(await request.body())
    except ValueError as problem:
        raise ApiError(400, f"We could not parse the JSON body of your request. ({problem})") from problem
    if not isinstance(body, dict):
        raise ApiError(400, "The JSON body of your request must be an object.")
    return body


def _count(state: OpenAIState, turn: Turn, answer: Answer) -> Usage:
    prompt = turn.prompt()
    return Usage(
        input_tokens=count_tokens(prompt),
        cached_tokens=state.cache.cached_tokens(prompt),
        output_tokens=count_tokens(answer.refusal or answer.text),
    )
