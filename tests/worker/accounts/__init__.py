"""Tests of worker.accounts."""
