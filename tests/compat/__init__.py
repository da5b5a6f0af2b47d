"""Checks the product against OpenAI-compatible servers that others wrote: `make compat`."""
