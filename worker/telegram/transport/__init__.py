"""Connects to Telegram over MTProto: proxies, keys of other servers, Telegram's time, rejected messages.
It may import pyrogram, worker.domain and shared.
It must not know what a call or an update means."""
