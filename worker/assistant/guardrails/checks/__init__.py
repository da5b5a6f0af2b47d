"""Checks of an outgoing text, one kind of fault a module. Each returns the fault or None. Pure.

May import: `worker.assistant.guardrails.text_normalization`, `worker.domain`, `shared`.
Must not import: facts, evidence, the output guard.
"""
