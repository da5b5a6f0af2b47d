"""Tests of the room that knows Telegram."""
