"""Tests of sandbox/calendly/: the API, the webhooks and the booking page."""
