"""Faults on demand: what goes wrong, with which calls, and how often."""

import itertools
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Action = Literal[
    "error",
    "error_after",
    "drop_before",
    "drop_after",
    "delay_before",
    "delay_after",
    "swallow_before",
    "swallow_after",
    "silent",
    "difference_too_long",
    "suppress",
    "duplicate",
    "reorder",
]
PUSH_ACTIONS = frozenset({"suppress", "duplicate", "reorder"})
PUSH = "push"


class FaultFields(BaseModel):
    """`*_before` strikes before the call has its effect, `*_after` between effect and answer."""

    model_config = ConfigDict(extra="forbid")

    method: str = Field("*", description="Such as messages.SendMessage, or * for every call.")
    action: Action = Field(
        description="error (code, message), drop the connection, delay (seconds), swallow the "
        "answer, silent (the link stays up and says nothing more), difference_too_long; for "
        "pushed updates: suppress, duplicate, reorder (held back until the next one is out)."
    )
    times: int | None = Field(1, ge=1, description="How often it strikes; null is for ever.")
    account: int | None = Field(None, description="Only this account's calls.")
    person: int | None = Field(None, description="Only calls about this person.")
    code: int = Field(500, description="Of the error, such as 420.")
    message: str = Field("RPC_CALL_FAIL", description="Of the error, such as FLOOD_WAIT_30.")
    seconds: float = Field(0.0, ge=0, description="Of the delay.")


class Fault(FaultFields):
    """A fault that is waiting to strike; `struck` counts how often it did."""

    id: int
    struck: int = 0

    def fits(self, method: str, account: int | None, person: int | None) -> bool:
        """Whether it is meant for this call."""
        wanted = self._target()
        return (
            (wanted == method.lower() or (wanted == "*" and method != PUSH))
            and self.account in (None, account)
            and self.person in (None, person)
        )

    def _target(self) -> str:
        if self.action in PUSH_ACTIONS:
            return PUSH
        if self.action == "difference_too_long":
            return "updates.getdifference"
        return self.method.lower()


class Faults:
    """The oldest fault that fits a call strikes; a used-up one is gone."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._waiting: dict[int, Fault] = {}

    def add(self, fields: FaultFields) -> Fault:
        """Let a fault wait for its calls."""
        fault = Fault(id=next(self._ids), **fields.model_dump())
        self._waiting[fault.id] = fault
        return fault

    def plan(self, action: Action, method: str = "*", **details: int | float | str | None) -> Fault:
        """`add` in one line, for tests."""
        fields = {"action": action, "method": method, **details}
        return self.add(FaultFields.model_validate(fields))

    def take(self, method: str, account: int | None, person: int | None) -> Fault | None:
        """The fault that strikes this call, if any."""
        for fault in self._waiting.values():
            if fault.fits(method, account, person):
                fault.struck += 1
                if fault.times is not None and fault.struck >= fault.times:
                    del self._waiting[fault.id]
                return fault
        return None

    def waiting(self) -> list[Fault]:
        """Those that will still strike."""
        return list(self._waiting.values())

    def remove(self, fault_id: int) -> bool:
        """Call one off; whether it was waiting."""
        return self._waiting.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Call all of them off."""
        self._waiting.clear()
