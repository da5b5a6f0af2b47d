"""`python -m worker evaluate`: scores a model on labelled replies and prompt injection attacks.

May import: `worker.assistant` and the floors below it, `shared`.
Must not import: other packages of its floor, the OpenAI SDK, Pyrogram, anything above.
"""
