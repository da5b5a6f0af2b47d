"""The sandbox's documentation pages load nothing from other sites: the demo needs no internet."""

import re

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from sandbox.control_api.app import create_control_app
from sandbox.fake_openai.app import create_openai_app
from sandbox.fake_openai.state import OpenAIState
from sandbox.fake_telegram.server import Telegram


@pytest.mark.parametrize("app", [create_control_app(Telegram()), create_openai_app(OpenAIState())])
@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_pages_load_local_files_only(app: FastAPI, page: str) -> None:
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://sandbox") as client:
        text = (await client.get(page)).text
        files = re.findall(r'(?:src|href)=["\']([^"\']+)["\']', text)
        assert "https://" not in text
        assert len(files) >= 2
        assert {(await client.get(file)).status_code for file in files} == {200}
