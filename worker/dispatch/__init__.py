"""Dispatch: claims a lead, reads its context, runs one step, sends its message, and records the outcome.

May import: `worker.outreach`, `worker.messaging`, `worker.accounts` and the floors below them, `shared`.
Must not import: `worker.runtime`, `worker.doctor`, `worker.evaluation`, Pyrogram, the OpenAI SDK.
"""
