"""A call of the worker that the sandbox holds: Telegram's or the model's, about one person."""

import time
from typing import Any

from tests.chaos.crashes.blocks import InCall, InModel
from tests.chaos.crashes.prospects import Prospect
from tests.support.running_product import RunningProduct, until


class Hold:
    """Planned when made; the answer comes `seconds` after the call, to nobody if the worker is dead then."""

    def __init__(
        self, house: RunningProduct, prospect: Prospect, call: InCall | InModel, seconds: float
    ) -> None:
        self._house = house
        self._call = call
        self._seconds = seconds
        self._path = "/openai/faults" if isinstance(call, InModel) else "/telegram/faults"
        # Between these, on our clock, the answer is let go.
        self.opens_after = time.monotonic() + seconds
        self.opens_before = float("inf")
        answer = house.control.post(self._path, json=self._fault(prospect))
        assert answer.status_code == 201, answer.text
        self._id = answer.json()["id"]

    def reached(self) -> None:
        """Wait until the call is held."""
        until(self._struck, f"{self._call} comes")

    def _fault(self, prospect: Prospect) -> dict[str, Any]:
        if isinstance(self._call, InModel):
            return {"kind": "delay", "seconds": self._seconds, "match": prospect.mark}
        return {
            "action": self._call.action,
            "method": self._call.method,
            "person": prospect.person["id"],
            "seconds": self._seconds,
        }

    def _struck(self) -> bool:
        looked_at = time.monotonic()
        found = self._house.control.get(self._path).json()
        waiting = found["faults"] if isinstance(found, dict) else found
        if any(fault["id"] == self._id for fault in waiting):
            self.opens_after = looked_at + self._seconds
            return False
        self.opens_before = time.monotonic() + self._seconds
        return True
