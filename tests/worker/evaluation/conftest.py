"""The model server of the assistant's tests, for the evaluation."""

from tests.worker.assistant.conftest import server

__all__ = ["server"]
