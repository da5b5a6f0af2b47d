"""Tests of the loopback Telegram and of the OpenAI-compatible server."""
