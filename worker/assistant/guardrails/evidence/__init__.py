"""What the person's own words prove: intents, wishes, prompt injections, dictated texts. Pure.

May import: `worker.assistant.guardrails.text_normalization`, `worker.domain`, `shared`.
Must not import: facts, checks, the output guard.
"""
