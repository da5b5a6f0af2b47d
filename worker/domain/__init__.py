"""Values and rules without I/O: the ports, outcomes, the conversation, the circuit breaker,
local time, the markers of content.

May import: `shared`.
Must not import: any other worker package, Pyrogram, the OpenAI SDK.
"""
