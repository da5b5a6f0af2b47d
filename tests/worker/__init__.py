"""Tests of the worker, room by room; whole processes are told in tests/e2e."""
