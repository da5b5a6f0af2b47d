"""Failed calls of model servers: bodies, classes, and how long to wait. The provider's words decide.

May import: the OpenAI SDK's errors, `worker.domain`, `shared`.
Must not import: the client, prompts, guardrails.
"""
