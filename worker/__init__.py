"""The process that finds people in Telegram, greets them and answers: one Telegram account each."""
