"""Without OPENAI_BASE_URL the model is OpenAI's, whatever the SDK would read from the environment."""

import pytest

from worker.assistant.model_client.client import OpenAIModelClient
from worker.settings import AssistantSettings


@pytest.mark.parametrize("value", ["", "http://127.0.0.1:9/v1"])
async def test_environment_of_the_sdk_is_not_used(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    settings = AssistantSettings(openai_api_key="sk-test", openai_base_url=None)
    monkeypatch.setenv("OPENAI_BASE_URL", value)
    client = OpenAIModelClient(settings)
    try:
        assert client.base_url == "https://api.openai.com/v1/"
    finally:
        await client.close()
