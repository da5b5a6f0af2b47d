"""Fuzzes the webhook: no body causes a 5xx, and every body is recorded exactly once."""
