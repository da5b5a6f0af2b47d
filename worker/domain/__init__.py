"""Values and rules without I/O: the ports, outcomes, the conversation, backoff, local time, voice marks.

May import: `shared`.
Must not import: any other worker package, Pyrogram, the OpenAI SDK.
"""
