"""The language model behind the Assistant port: prompts, structured output, guardrails, prices.

May import: the OpenAI SDK (no other package does), the floors below it, `shared`.
Must not import: other packages of its floor, Pyrogram, anything above.
"""
