"""Tests of worker.telegram.login at a real terminal."""
