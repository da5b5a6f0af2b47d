"""Pure: how long to wait before the next try; it is the same everywhere."""

from shared.backoff import GrowingPause, backoff

__all__ = ["GrowingPause", "backoff"]
