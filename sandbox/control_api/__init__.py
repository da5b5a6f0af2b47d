"""The control API: look into the sandbox's Telegram and make things happen in it."""
