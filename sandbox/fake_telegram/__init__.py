"""A loopback Telegram: real MTProto over TCP, with people, faults and a log of every call.
It may import pyrogram (Kurigram) for its TL objects and cryptography.
It must not import the control API, the fake OpenAI server or the product (`api`, `worker`, `shared`)."""
