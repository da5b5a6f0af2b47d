"""The worker is killed at every crash point of its work; received messages are counted in Telegram."""
