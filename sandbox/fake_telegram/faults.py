"""Planned faults of the fake Telegram: the action, the affected calls and the number of times."""

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
    "reject",
    "difference_too_long",
    "suppress",
    "duplicate",
    "reorder",
]
PUSH_ACTIONS = frozenset({"suppress", "duplicate", "reorder"})
PUSH = "push"


class FaultFields(BaseModel):
    """A fault: `*_before` acts before the call has its effect, `*_after` between effect and answer."""

    model_config = ConfigDict(extra="forbid")

    method: str = Field("*", description="For example messages.SendMessage, or * for every call.")
    action: Action = Field(
        description="error (code, message), drop the connection, delay (seconds), swallow the "
        "answer, silent (the connection stays open without further data), reject the message (code: 16, 17, "
        "20, 32, 48 …), difference_too_long; for "
        "pushed updates: suppress, duplicate, reorder (held back until the next one is sent)."
    )
    times: int | None = Field(
        1, ge=1, description="How many calls it affects; null: all until it is removed."
    )
    account: int | None = Field(None, description="Only this account's calls.")
    person: int | None = Field(None, description="Only calls about this person.")
    code: int = Field(500, description="Code of the error, for example 420.")
    message: str = Field("RPC_CALL_FAIL", description="Message of the error, for example FLOOD_WAIT_30.")
    seconds: float = Field(0.0, ge=0, description="Length of the delay.")


class Fault(FaultFields):
    """A pending fault; `struck` is the number of calls it has affected."""

    id: int
    struck: int = 0

    def matches(self, method: str, account: int | None, person: int | None) -> bool:
        """True if the fault applies to this call."""
        target = self._target()
        return (
            (target == method.lower() or (target == "*" and method != PUSH))
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
    """The pending faults: the oldest one that matches a call is applied; a used-up one is removed."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._pending: dict[int, Fault] = {}

    def add(self, fields: FaultFields) -> Fault:
        """Add a pending fault."""
        fault = Fault(id=next(self._ids), **fields.model_dump())
        self._pending[fault.id] = fault
        return fault

    def plan(self, action: Action, method: str = "*", **details: int | float | str | None) -> Fault:
        """Add a fault from keyword arguments, for tests."""
        fields = {"action": action, "method": method, **details}
        return self.add(FaultFields.model_validate(fields))

    def take(self, method: str, account: int | None, person: int | None) -> Fault | None:
        """Return the fault for this call and count it, or None."""
        for fault in self._pending.values():
            if fault.matches(method, account, person):
                fault.struck += 1
                if fault.times is not None and fault.struck >= fault.times:
                    del self._pending[fault.id]
                return fault
        return None

    def pending(self) -> list[Fault]:
        """Return the pending faults."""
        return list(self._pending.values())

    def remove(self, fault_id: int) -> bool:
        """Remove a fault; return True if it was pending."""
        return self._pending.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Remove all faults."""
        self._pending.clear()
