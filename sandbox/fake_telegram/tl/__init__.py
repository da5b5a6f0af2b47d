"""Conversion between the state's records and Telegram's TL objects.
It may import pyrogram's raw types and `sandbox.fake_telegram.state`.
It must not import the RPC methods, the connections or the server."""
