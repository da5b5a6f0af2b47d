"""Tests of worker.outreach."""
