"""The id that an outgoing message gets before it is sent."""

import secrets


def new_random_id() -> int:
    """Return a new `random_id`, by which Telegram recognises a repeated send: 63 random bits, never 0."""
    return secrets.randbelow(2**63 - 1) + 1
