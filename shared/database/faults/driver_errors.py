"""Replaces the errors of every engine: their class follows from the code, and their text quotes no row."""

import logging
import time
from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    StatementError,
)

from shared.database.faults.error_classes import Fault, classify, describe, ends_connection
from shared.database.faults.error_tables import ErrorKind, Meaning

log = logging.getLogger(__name__)


class DatabaseUnavailableError(OperationalError):
    """The database is away or in a conflict: nothing is wrong with the statement or with its values.

    `fault`: the reason, if no driver has reported it.
    """

    fault: Fault | None = None


def unavailable(meaning: Meaning) -> DatabaseUnavailableError:
    """Return the error for an outage that no driver has reported, such as a missed deadline."""
    error = DatabaseUnavailableError(None, None, ConnectionError(meaning.reason))
    error.fault = Fault(meaning.kind, meaning.reason)
    error.args = (error.fault.text,)
    return error


def unavailable_because(error: BaseException) -> DatabaseUnavailableError:
    """Return the error for a connection that could not be opened."""
    new = DatabaseUnavailableError(None, None, error)
    new.args = (describe(error),)
    return new


def watch_errors(engine: Engine, on_fault: Callable[[Fault], None] | None = None) -> None:
    """Replace what this engine raises; `on_fault` is told of each fault."""

    def replace(context: ExceptionContext) -> BaseException | None:
        wrapped = context.sqlalchemy_exception
        if not isinstance(wrapped, DBAPIError):
            if isinstance(wrapped, StatementError):
                wrapped.args = (describe(wrapped),)
            return None
        fault = classify(context.original_exception)
        if on_fault is not None:
            on_fault(fault)
        if ends_connection(context.original_exception):
            context.is_disconnect = True
        return _replacement(wrapped, fault, is_disconnect=context.is_disconnect)

    event.listen(engine, "handle_error", replace)


def _replacement(wrapped: DBAPIError, fault: Fault, *, is_disconnect: bool) -> DBAPIError:
    """Return an error of the class that callers catch for this kind of fault."""
    new = _class_of(wrapped, fault)(
        wrapped.statement,
        None,
        wrapped.orig or wrapped,
        hide_parameters=True,
        connection_invalidated=is_disconnect,
    )
    # The text of the original may quote the row: `Key (phone)=(…) already exists`.
    new.args = (f"{type(wrapped.orig).__name__} {fault.code}".strip() + f": {fault.text}",)
    return new


def _class_of(wrapped: DBAPIError, fault: Fault) -> type[DBAPIError]:
    match fault.kind:
        case ErrorKind.AWAY | ErrorKind.CONFLICT:
            return DatabaseUnavailableError
        case ErrorKind.ROW:
            return IntegrityError if isinstance(wrapped, IntegrityError) else DataError
        case ErrorKind.OURS:
            return ProgrammingError


class OutageLog:
    """Decides when an outage that goes on is logged: at its start, at a new reason, and now and then."""

    def __init__(self, *, every: float = 60) -> None:
        self._every = every
        self._reason = ""
        self._since = 0.0
        self._next = 0.0

    def note(self, error: BaseException, logger: logging.Logger, what: str = "waiting") -> None:
        """Log why the database is away, unless that was logged a short time ago."""
        now, reason = time.monotonic(), classify(error).text
        if reason == self._reason and now < self._next:
            return
        if not self._reason:
            self._since = now
        self._reason, self._next = reason, now + self._every
        logger.warning("%s: %s", what, reason)

    def over(self, logger: logging.Logger) -> None:
        """Log the end of the outage, if there was one."""
        if self._reason:
            logger.info("the database is back after %d s", time.monotonic() - self._since)
            self._reason = ""
