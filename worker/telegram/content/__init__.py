"""Describes the content of messages in the marks of worker.domain.marks, for the assistant and the operator.
It may import pyrogram's raw types and worker.domain.
It must not call Telegram: a message is described from what came with it."""
