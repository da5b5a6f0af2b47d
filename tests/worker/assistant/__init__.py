"""Tests of worker.assistant."""
