"""What a message is known by, before it is sent."""

import secrets


def new_random_id() -> int:
    """A message's identity with Telegram: 63 random bits, never 0."""
    return secrets.randbelow(2**63 - 1) + 1
