"""Describes the content of messages in markers (worker.domain.content_markers), for the assistant and people.
It may import pyrogram's raw types and worker.domain.
It must not call Telegram: a message is described from what came with it."""
