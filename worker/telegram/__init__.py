"""The only room that knows pyrogram: one signed-in user account behind the worker's Telegram port."""
