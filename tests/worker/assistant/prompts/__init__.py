"""Tests of worker.assistant.prompts."""
