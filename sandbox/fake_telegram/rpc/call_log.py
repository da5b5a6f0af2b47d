"""The log of client calls, and the number of sessions of each auth key."""

from collections import Counter, deque

from pydantic import BaseModel

CALLS_KEPT = 20_000
ARGUMENT_LENGTH = 200


class Call(BaseModel):
    """One RPC call; `at` is in Unix seconds, `error` is the error of a failed call."""

    at: float
    account: int | None
    method: str
    person: int | None
    args: dict[str, str]
    error: str | None = None
    fault: str | None = None


class Connections(BaseModel):
    """Number of sessions of one auth key, by session id."""

    now: int = 0
    most: int = 0
    opened: int = 0


class Calls:
    """The newest calls, and counters of all calls."""

    def __init__(self) -> None:
        self.log: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.counts: Counter[str] = Counter()
        self.connections: dict[str, Connections] = {}

    def add(self, call: Call) -> Call:
        """Add a call when it arrives."""
        self.log.append(call)
        self.counts[call.method] += 1
        return call

    def of(self, method: str | None = None, account: int | None = None) -> list[Call]:
        """Return the calls of one method or account, oldest first."""
        return [
            call for call in self.log if method in (None, call.method) and account in (None, call.account)
        ]

    def sessions(self, key_id: str, now: int, *, opened: bool = False) -> None:
        """Record how many sessions a key has now."""
        record = self.connections.setdefault(key_id, Connections())
        record.now = now
        record.most = max(record.most, now)
        record.opened += opened

    def clear(self) -> None:
        """Delete the calls; the connections stay, because they are still open."""
        self.log.clear()
        self.counts.clear()
