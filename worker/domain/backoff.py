"""Pure: how long to wait before the next try."""

import random
from datetime import timedelta


def backoff(attempt: int, *, base: float, maximum: float) -> timedelta:
    """Return the pause after failed try number `attempt` (from 1).

    The pause doubles from `base` seconds up to `maximum` seconds.
    Half of it is random, so that leads which failed together are not retried together.
    """
    ceiling = min(maximum, base * 2.0 ** min(attempt - 1, 30))
    return timedelta(seconds=ceiling * (0.5 + random.random() / 2))  # noqa: S311 - jitter, no secret
