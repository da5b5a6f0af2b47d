"""Loaded by Schemathesis: gives every call its own address, so that wrong tokens lock out no other call."""

import random
from typing import Any

import schemathesis

# Hypothesis seeds `random` again for each case: the addresses would repeat.
_RANDOM = random.SystemRandom()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:  # noqa: ANN401 - Schemathesis' own
    """Act as a proxy that forwards for a new client address each time."""
    # A different IPv6 network each time: the rate limiter counts a whole network as one address.
    case.headers["X-Forwarded-For"] = f"2001:db8:{_RANDOM.randrange(16**4):x}:{_RANDOM.randrange(16**4):x}::1"
