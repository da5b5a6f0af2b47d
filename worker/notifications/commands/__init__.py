"""The owner's commands, in Saved Messages and in OWNER_CHAT: what they mean, what they do, their answers."""
