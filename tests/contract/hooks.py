"""Loaded by Schemathesis: every call comes from an address of its own, or wrong tokens would shut all out."""

import random
from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:  # noqa: ANN401 - Schemathesis' own
    """Pretend to be a proxy before somebody else each time."""
    # Each in an IPv6 network of its own: a whole one counts as one address.
    case.headers["X-Forwarded-For"] = f"2001:db8:{random.randrange(16**4):x}:{random.randrange(16**4):x}::1"
