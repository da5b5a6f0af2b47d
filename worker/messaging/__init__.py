"""Messages of conversations: the inbox, the outbox, the listener, takeovers, and suppression.

May import: `worker.queue`, `worker.domain`, `shared`.
Must not import: other packages of its floor, Pyrogram, the OpenAI SDK, anything above.
"""
