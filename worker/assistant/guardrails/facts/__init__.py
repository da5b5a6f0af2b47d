"""Numbers, times and links of an outgoing text: each must stand in the profile or the conversation. Pure.

May import: `worker.assistant.guardrails.text_normalization`, `worker.domain`, `shared`.
Must not import: checks, evidence, the output guard.
"""
