"""Tests of worker.assistant.failures."""
