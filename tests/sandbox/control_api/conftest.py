"""Fixtures: a sandbox with the demo people, and an HTTP client of its control API."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from sandbox.app import Sandbox, running
from tests.support.waiting import patience_seconds


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running() as sandbox:
        yield sandbox


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(
        base_url=sandbox.http_url, trust_env=False, timeout=patience_seconds()
    ) as client:
        yield client
