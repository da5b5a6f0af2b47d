"""Calls of model servers: wire forms, requests, answers read tolerantly, the second provider, prices.

May import: the OpenAI SDK, `worker.assistant.failures`, the floors below the assistant.
Must not import: prompts, guardrails, verdicts.
"""
