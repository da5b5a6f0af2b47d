"""What the worker may act on: the model's answer after evidence, careful mode and fixed texts. Pure.

May import: guardrails, the output schemas, `worker.dialogue`, `worker.domain`, `shared`.
Must not import: the client, prompts, any I/O.
"""
