"""A loopback Telegram: real MTProto over TCP, with people, faults and a record of every call."""
