"""The MTProto wire: framing, key exchange, encryption, and one `Link` per connection.
It may import pyrogram's TL objects and cryptography.
It must not import the state, the RPC methods or the server."""
