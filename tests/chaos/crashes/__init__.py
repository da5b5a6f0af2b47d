"""The worker is killed at every seam of its work; Telegram's side counts what the people got."""
