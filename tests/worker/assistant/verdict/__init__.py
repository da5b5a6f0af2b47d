"""Tests of worker.assistant.verdict."""
