"""The lead whose step runs now, for what must tell one person's failure from everybody's."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[int | None] = ContextVar("current_lead", default=None)


def current_lead() -> int | None:
    """Return the lead whose step makes this call; None outside of steps."""
    return _current.get()


@contextmanager
def step_of(lead: int) -> Iterator[None]:
    """Calls inside the block, also of tasks that it starts, are made for this lead."""
    token = _current.set(lead)
    try:
        yield
    finally:
        _current.reset(token)
