"""Tests of worker.assistant.model_client."""
