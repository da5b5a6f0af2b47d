"""The state of the fake Telegram: people, accounts, chats, limits and privacy, without a network.
It may import `sandbox.fake_telegram.errors` and the file functions of `mtproto`.
It must not import the RPC methods, the server or the control API."""
