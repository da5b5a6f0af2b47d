"""Fixtures: a server on a loopback port, the real SDK connected to it, and its control routes."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, TypeVar

import httpx2
import pytest
import uvicorn
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic import BaseModel

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from tests.support.waiting import patience_seconds, until

M = TypeVar("M", bound=BaseModel)
RULES = "Ты помощник."


class Verdict(BaseModel):
    """The output schema of a reply."""

    intent: Literal["accept", "reject", "question", "ambiguous"]
    language: Literal["ru", "en"]
    text: str
    confidence: float
    needs_human: bool
    reason: str | None


class Greeting(BaseModel):
    """The output schema of a greeting."""

    text: str


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, OpenAIState]]:
    """Return address and state of one server for all tests."""
    state = OpenAIState()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_openai_app(state), log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started, "the server starts")
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", state
    server.should_exit = True
    thread.join(timeout=patience_seconds())
    assert not thread.is_alive()


@pytest.fixture
def url(served: tuple[str, OpenAIState]) -> str:
    """Return the server's address, after a reset of faults and the log."""
    address, state = served
    state.faults.clear()
    state.calls.clear()
    state.latency_seconds = 0
    return address


@pytest.fixture
async def control(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Return a client of the control routes."""
    async with httpx2.AsyncClient(
        base_url=url, trust_env=False, verify=False, timeout=patience_seconds()
    ) as client:
        yield client


@pytest.fixture
async def sdk(url: str) -> AsyncIterator[AsyncOpenAI]:
    """Return the real SDK without retries."""
    http = DefaultAsyncHttpxClient(trust_env=False, verify=False)
    async with AsyncOpenAI(
        base_url=f"{url}/v1",
        api_key="sk-test-0123456789",
        max_retries=0,
        timeout=patience_seconds(),
        http_client=http,
    ) as client:
        yield client


class SdkClient:
    """Sends a request through either API."""

    def __init__(self, sdk: AsyncOpenAI, api: Literal["responses", "chat"]) -> None:
        self.sdk = sdk
        self.api = api

    async def ask(self, text: str, output_type: type[M], timeout: float | None = None) -> M | None:
        """Return the parsed answer to one user message."""
        if self.api == "responses":
            response = await self.sdk.responses.parse(
                model="gpt-4.1-mini",
                instructions=RULES,
                input=text,
                text_format=output_type,
                store=False,
                timeout=timeout or patience_seconds(),
            )
            return response.output_parsed
        completion = await self.sdk.chat.completions.parse(
            model="gpt-4.1-mini",
            messages=[{"role": "system", "content": RULES}, {"role": "user", "content": text}],
            response_format=output_type,
            timeout=timeout or patience_seconds(),
        )
        parsed: M | None = completion.choices[0].message.parsed
        return parsed


@pytest.fixture(params=["responses", "chat"])
def sdk_client(request: pytest.FixtureRequest, sdk: AsyncOpenAI) -> SdkClient:
    """Return a client of each of the two APIs in turn."""
    return SdkClient(sdk, request.param)


@pytest.fixture
def plan_fault(control: httpx2.AsyncClient) -> "FaultPlanner":
    """Return a planner of faults through the control route."""
    return FaultPlanner(control)


class FaultPlanner:
    """Plans faults through the control route."""

    def __init__(self, control: httpx2.AsyncClient) -> None:
        self.control = control

    async def __call__(self, kind: str, **fields: object) -> dict[str, Any]:
        """Plan a fault of a kind and return its entry."""
        return await self.post({"kind": kind, **fields})

    async def post(self, fault: dict[str, object]) -> dict[str, Any]:
        """Plan a fault from its whole JSON body."""
        answer = await self.control.post("/openai/faults", json=fault)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())
