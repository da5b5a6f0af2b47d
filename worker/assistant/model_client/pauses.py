"""The pause of a client: no calls after an error that only the owner can fix."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from worker.assistant.failures.error_classes import FailureKind
from worker.assistant.failures.errors import FailedCallError
from worker.assistant.failures.refusal_scope import Scope, SharedRefusals
from worker.domain.assistant_port import AssistantError, AssistantPausedError
from worker.domain.current_lead import current_lead

log = logging.getLogger(__name__)


class ClientPause:
    """After an AssistantPausedError, all calls fail for some time without a request.

    If the error may be one person's own (see SharedRefusals), only the reason is kept for the owner.
    """

    def __init__(self, length: timedelta, clock: Callable[[], float]) -> None:
        self._length = length
        self._clock = clock
        self._refusals = SharedRefusals()
        self._error: AssistantPausedError | None = None
        self._until = 0.0
        self._blocks_calls = False

    @property
    def reason(self) -> str | None:
        """What the owner has to fix before calls go on; None without a pause."""
        return None if self._error is None or self._until <= self._clock() else str(self._error)

    def succeeded(self) -> None:
        """Record an answer."""
        self._refusals.succeeded(current_lead())
        if not self._blocks_calls:
            self._error = None

    @contextmanager
    def guard(self, *, optional: str | None = None) -> Iterator[None]:
        """Wrap a call to the API: raises the port's errors, and AssistantPausedError during a pause.

        `optional`: the setting of a model that the worker can do without; if it is unknown or forbidden,
        nothing is paused.
        """
        remaining = self._until - self._clock()
        if remaining > 0 and self._error is not None and self._blocks_calls:
            raise AssistantPausedError(
                str(self._error), timedelta(seconds=remaining), fault=self._error.fault
            )
        try:
            yield
        except FailedCallError as failed:
            scope = Scope.AS_CLASSIFIED
            if optional is None:
                scope = self._refusals.judge(current_lead(), failed.failure)
            error = _port_error(failed, self._length, optional, scope)
            if isinstance(error, AssistantPausedError):
                self._begin(error)
            raise error from failed

    def _begin(self, paused: AssistantPausedError) -> None:
        # Log once: several concurrent calls may fail with the same error.
        if self._until <= self._clock():
            log.error("%s; the model is left alone for %s", paused, self._length)
        self._until = self._clock() + self._length.total_seconds()
        self._error, self._blocks_calls = paused, paused.provider_wide


def _port_error(
    failed: FailedCallError, pause: timedelta, optional: str | None, scope: Scope
) -> AssistantError:
    failure = failed.failure
    if optional is not None and failure.kind in {
        FailureKind.MODEL,
        FailureKind.WIRE_FORM,
        FailureKind.COUNTRY,
    }:
        said = failure.body.sentence or str(failure.status)
        return AssistantError(f"{optional}: refused by the model's API: {said}")
    match scope:
        case Scope.AS_CLASSIFIED:
            return failure.to_error(pause)
        case Scope.THIS_LEAD:
            return failure.to_own_error()
        case _:
            return failure.to_shared_error(pause, provider_wide=scope is Scope.EVERYBODY)
