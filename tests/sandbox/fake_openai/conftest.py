"""A running server on a loopback port, the real SDK pointed at it, and its control routes."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, TypeVar

import httpx2
import pytest
import uvicorn
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic import BaseModel

from sandbox.fake_openai import OpenAIState, create_openai_app
from tests.support.waiting import patience_seconds, until

M = TypeVar("M", bound=BaseModel)
RULES = "Ты помощник."


class Verdict(BaseModel):
    """What a reply turn asks for."""

    intent: Literal["accept", "reject", "question", "ambiguous"]
    language: Literal["ru", "en"]
    text: str
    confidence: float
    needs_human: bool
    reason: str | None


class Greeting(BaseModel):
    """What a greeting turn asks for."""

    text: str


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, OpenAIState]]:
    """The address and the state of one server for all tests."""
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
    """The server's address, with nothing planned and nothing logged."""
    address, state = served
    state.faults.clear()
    state.calls.clear()
    state.latency_seconds = 0
    return address


@pytest.fixture
async def control(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the server's own routes."""
    async with httpx2.AsyncClient(
        base_url=url, trust_env=False, verify=False, timeout=patience_seconds()
    ) as client:
        yield client


@pytest.fixture
async def sdk(url: str) -> AsyncIterator[AsyncOpenAI]:
    """The real SDK without retries."""
    http = DefaultAsyncHttpxClient(trust_env=False, verify=False)
    async with AsyncOpenAI(
        base_url=f"{url}/v1",
        api_key="sk-test-0123456789",
        max_retries=0,
        timeout=patience_seconds(),
        http_client=http,
    ) as client:
        yield client


class Asker:
    """Asks through either API alike."""

    def __init__(self, sdk: AsyncOpenAI, api: Literal["responses", "chat"]) -> None:
        self.sdk = sdk
        self.api = api

    async def ask(self, said: str, wanted: type[M], timeout: float | None = None) -> M | None:
        """The parsed answer to one user message."""
        if self.api == "responses":
            response = await self.sdk.responses.parse(
                model="gpt-4.1-mini",
                instructions=RULES,
                input=said,
                text_format=wanted,
                store=False,
                timeout=timeout or patience_seconds(),
            )
            return response.output_parsed
        completion = await self.sdk.chat.completions.parse(
            model="gpt-4.1-mini",
            messages=[{"role": "system", "content": RULES}, {"role": "user", "content": said}],
            response_format=wanted,
            timeout=timeout or patience_seconds(),
        )
        parsed: M | None = completion.choices[0].message.parsed
        return parsed


@pytest.fixture(params=["responses", "chat"])
def asker(request: pytest.FixtureRequest, sdk: AsyncOpenAI) -> Asker:
    """Each of the two APIs in turn."""
    return Asker(sdk, request.param)


@pytest.fixture
def plan(control: httpx2.AsyncClient) -> "Plan":
    """Plans faults through the server's own route."""
    return Plan(control)


class Plan:
    """Plans faults."""

    def __init__(self, control: httpx2.AsyncClient) -> None:
        self.control = control

    async def __call__(self, kind: str, **fields: object) -> dict[str, Any]:
        """Plan a fault of a kind and return its entry."""
        return await self.post({"kind": kind, **fields})

    async def post(self, fault: dict[str, object]) -> dict[str, Any]:
        """Plan a fault given whole."""
        answer = await self.control.post("/openai/faults", json=fault)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())
