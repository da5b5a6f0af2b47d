"""Formats tracebacks for logs: where an error happened, without the values that a database's error quotes."""

import traceback
from collections.abc import Iterator

from shared.database.faults.error_classes import describe, quotes_values

_BECAUSE = "\nThe above exception was the direct cause of the following exception:\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n"
_GROUP = "\nIn the group:\n"


def format_exception(error: BaseException) -> str:
    """Return an exception with its causes as text, like Python's own.

    If one of them may quote a row, the texts of all are left out: they may quote the same value.
    """
    chain = list(_chain(error))
    is_private = any(quotes_values(one) for one, _ in chain)
    return "\n".join(_lines(chain, is_private=is_private))


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield the exceptions that led to `error`, oldest first, each with the words that follow it."""
    seen: set[int] = set()

    def walk(one: BaseException, after: str) -> Iterator[tuple[BaseException, str]]:
        if id(one) in seen:
            return
        seen.add(id(one))
        if one.__cause__ is not None:
            yield from walk(one.__cause__, _BECAUSE)
        elif one.__context__ is not None and not one.__suppress_context__:
            yield from walk(one.__context__, _DURING)
        if isinstance(one, BaseExceptionGroup):
            for part in one.exceptions:
                yield from walk(part, _GROUP)
        yield one, after

    yield from walk(error, "")


def _lines(chain: list[tuple[BaseException, str]], *, is_private: bool) -> Iterator[str]:
    for error, after in chain:
        if error.__traceback__ is not None:
            yield "Traceback (most recent call last):"
            yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
        if is_private:
            yield describe(error)
        else:
            yield "".join(traceback.format_exception_only(error)).rstrip()
        if after:
            yield after
