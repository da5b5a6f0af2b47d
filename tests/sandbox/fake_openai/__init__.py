"""Tests of the OpenAI-compatible server, through the real SDK wherever there is a wire."""
