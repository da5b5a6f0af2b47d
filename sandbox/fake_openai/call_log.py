"""The call log: the last requests with their answers, and counters."""

from collections import Counter, deque
from datetime import datetime

from pydantic import BaseModel, Field

from sandbox.fake_openai.faults import Api
from sandbox.fake_openai.turn import Message
from sandbox.fake_openai.usage import Usage

KEPT_CALLS = 1000


class Call(BaseModel):
    """One request and its outcome."""

    id: str
    at: datetime
    api: Api
    status: int = Field(description="The HTTP status; 0: the connection was dropped.")
    model: str | None = None
    instructions: str | None = None
    messages: list[Message] = []
    schema_name: str | None = None
    fault: str | None = None
    error: str | None = None
    answer: str | None = None
    usage: Usage | None = None


class Counters(BaseModel):
    """Sums over all calls since the start or the last clear, including calls that are no longer kept."""

    total: int = 0
    by_api: dict[str, int] = {}
    by_status: dict[str, int] = {}
    by_fault: dict[str, int] = {}
    by_model: dict[str, int] = {}
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


class CallLog:
    """The last KEPT_CALLS calls, and counters of all calls."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Delete calls and counters."""
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._usage = Usage()

    def add(self, call: Call) -> None:
        """Add a call."""
        self._calls.append(call)
        labels = {"api": call.api, "status": str(call.status), "fault": call.fault, "model": call.model}
        self._counts.update((group, value) for group, value in labels.items() if value is not None)
        if call.usage is not None:
            self._usage = self._usage + call.usage

    def recent(self, limit: int = KEPT_CALLS) -> list[Call]:
        """Return the last calls, oldest first."""
        return list(self._calls)[-limit:] if limit > 0 else []

    def counters(self) -> Counters:
        """Return the sums."""
        groups: dict[str, dict[str, int]] = {"api": {}, "status": {}, "fault": {}, "model": {}}
        for (group, value), count in self._counts.items():
            groups[group][value] = count
        return Counters(
            total=sum(groups["api"].values()),
            by_api=groups["api"],
            by_status=groups["status"],
            by_fault=groups["fault"],
            by_model=groups["model"],
            input_tokens=self._usage.input_tokens,
            cached_tokens=self._usage.cached_tokens,
            output_tokens=self._usage.output_tokens,
        )
