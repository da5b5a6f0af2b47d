"""The sandbox's OpenAI server on a loopback port, and assistants that call it with the real SDK."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from sandbox.http import HttpServer
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.client import OpenAIModelClient
from worker.assistant.trust import Trust
from worker.settings import WorkerSettings


class Server:
    """The address of the server, and its state: received calls, planned faults."""

    def __init__(self, url: str, state: OpenAIState) -> None:
        self.url = url
        self.state = state

    @property
    def call_count(self) -> int:
        """The number of received requests."""
        return self.state.calls.counters().total


@pytest.fixture(scope="session")
async def openai_server() -> AsyncIterator[Server]:
    """One server for all tests of the session."""
    state = OpenAIState()
    http = HttpServer(create_openai_app(state), "127.0.0.1", 0)
    await http.start()
    yield Server(f"http://127.0.0.1:{http.port}/v1", state)
    await http.stop()


@pytest.fixture
def server(openai_server: Server) -> Server:
    """The server, without planned faults and recorded calls."""
    openai_server.state.faults.clear()
    openai_server.state.calls.clear()
    return openai_server


@pytest.fixture(params=["responses", "chat"])
def api(request: pytest.FixtureRequest) -> str:
    """Each of the two API formats."""
    return str(request.param)


@asynccontextmanager
async def open_client(
    settings: WorkerSettings, call_seconds: float | None
) -> AsyncIterator[OpenAIModelClient]:
    """A client that is closed at the end."""
    model = OpenAIModelClient(settings, call_seconds=call_seconds)
    try:
        yield model
    finally:
        await model.close()


@pytest.fixture
async def make(server: Server, api: str, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """A factory of assistants with other settings."""
    async with AsyncExitStack() as stack:

        async def make(
            call_seconds: float | None = 10, trust: Trust | None = None, **other: object
        ) -> ModelAssistant:
            defaults: dict[str, Any] = {
                "telegram_api_id": 1,
                "telegram_api_hash": "hash",
                "openai_api_key": "sk-test-0123456789",
                "openai_base_url": server.url,
                "openai_api": api,
                "calendly_link": "https://calendly.com/x/30min",
                "assistant_pause_seconds": 600,
            }
            settings = WorkerSettings(**defaults | other)
            model = await stack.enter_async_context(open_client(settings, call_seconds))
            return ModelAssistant(settings, model, trust=trust)

        yield make


@pytest.fixture
async def assistant(make: Callable[..., Any]) -> ModelAssistant:
    """An assistant with the default settings."""
    created: ModelAssistant = await make()
    return created
