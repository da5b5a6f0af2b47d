"""Tests of sandbox/calendly/ and sandbox/calcom/: the APIs, the webhooks and the booking page."""
