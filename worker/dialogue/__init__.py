"""Texts and rules that need no model: templates, canned responses, persona, follow-up dates.

May import: `worker.domain`, `worker.queue`, `shared`.
Must not import: other packages of its floor, the OpenAI SDK, Pyrogram, anything above.
"""
