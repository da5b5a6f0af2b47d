"""The queue, the outbox and the inbox against a model: whatever happens, in whatever order."""
