"""A call of the worker to Telegram or the model, about one prospect, that the sandbox delays."""

import time
from typing import Any

from tests.chaos.crashes.blocks import InCall, InModel
from tests.chaos.crashes.prospects import Prospect
from tests.support.running_product import RunningProduct
from worker.dispatch.delivery import MAX_MANNERS_SECONDS
from worker.telegram.session.timeouts import CALL_SECONDS

# How long the worker waits for calls that are optional; for others: CALL_SECONDS.
_WAITED_FOR = {"messages.SetTyping": MAX_MANNERS_SECONDS}


class Hold:
    """Plans the delay when created; the sandbox answers `seconds` after the call."""

    def __init__(
        self, product: RunningProduct, prospect: Prospect, call: InCall | InModel, seconds: float
    ) -> None:
        self._product = product
        self._call = call
        self._seconds = seconds
        self._path = "/openai/faults" if isinstance(call, InModel) else "/telegram/faults"
        # The worker waits no longer for Telegram: it goes on without the typing notification, for example.
        waited = seconds if isinstance(call, InModel) else _WAITED_FOR.get(call.method, CALL_SECONDS)
        self._held_seconds = min(seconds, waited)
        self._is_reached = False
        # By the clock of the tests, the worker goes on between these two moments.
        self.opens_after = time.monotonic() + self._held_seconds
        self.opens_before = float("inf")
        answer = product.control.post(self._path, json=self._fault(prospect))
        assert answer.status_code == 201, answer.text
        self._id = answer.json()["id"]

    def is_reached(self) -> bool:
        """Return True once the worker has made the call."""
        self._is_reached = self._is_reached or self._was_called()
        return self._is_reached

    def _fault(self, prospect: Prospect) -> dict[str, Any]:
        if isinstance(self._call, InModel):
            return {"kind": "delay", "seconds": self._seconds, "match": prospect.marker}
        return {
            "action": self._call.action,
            "method": self._call.method,
            "person": prospect.person["id"],
            "seconds": self._seconds,
        }

    def _was_called(self) -> bool:
        polled_at = time.monotonic()
        found = self._product.control.get(self._path).json()
        waiting = found["faults"] if isinstance(found, dict) else found
        if any(fault["id"] == self._id for fault in waiting):
            self.opens_after = polled_at + self._held_seconds
            return False
        self.opens_before = time.monotonic() + self._seconds
        return True
