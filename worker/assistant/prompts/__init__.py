"""The prompts: text files that the owner may replace, and the context of a call.

May import: `worker.assistant.guardrails`, `worker.dialogue`, `worker.domain`, `shared`.
Must not import: the OpenAI SDK, other parts of the worker.
"""
