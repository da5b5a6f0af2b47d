"""Tests of worker.telegram against the sandbox's Telegram server."""
