"""The model server fixtures of the assistant's tests."""

from tests.worker.assistant.conftest import openai_server, server

__all__ = ["openai_server", "server"]
