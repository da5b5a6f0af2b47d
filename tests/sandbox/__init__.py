"""Tests of the sandbox: the fake Telegram, the fake OpenAI server and the control API."""
