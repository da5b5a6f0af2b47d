"""Between the world's plain records and Telegram's TL objects."""
