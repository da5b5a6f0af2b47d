"""People who write without a lead of theirs: strangers, and leads made of them (INBOUND_LEADS).

May import: `worker.messaging.inbox` and `outbox`, `worker.queue`, `worker.domain`, `shared`.
Must not import: other packages of its floor, Pyrogram, the OpenAI SDK, anything above.
"""
