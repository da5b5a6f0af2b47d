"""Limits of an account and Telegram's errors when it exceeds them, modelled on reports of users."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from sandbox.fake_telegram.errors import RpcError

DAY = 86_400
FROZEN = RpcError(420, "FROZEN_METHOD_INVALID")
# Methods that a frozen account may not call.
FORBIDDEN_WHEN_FROZEN = frozenset(
    {
        "messages.SendMessage",
        "contacts.ResolveUsername",
        "contacts.ResolvePhone",
        "contacts.ImportContacts",
    }
)
NEW_CHATS = "new chats"


class AccountLimits(BaseModel):
    """Limits per rolling 24 hours; None means no limit."""

    model_config = ConfigDict(extra="forbid")

    new_chats: int | None = Field(None, ge=0, description="Further first messages get PEER_FLOOD.")
    new_chats_burst: int | None = Field(None, ge=1, description="The same, within five minutes.")
    resolves: int | None = Field(None, ge=0, description="Further ones get FLOOD_WAIT of flood_seconds.")
    resolves_burst: int | None = Field(None, ge=1, description="The same, within a minute.")
    imports: int | None = Field(None, ge=0, description="Further ones are returned in retry_contacts.")
    flood_seconds: int = Field(64_800, ge=1, description="Length of a flood wait; default: 18 hours.")
    frozen: bool = Field(
        False, description="The account may only read; other calls get FROZEN_METHOD_INVALID."
    )


@dataclass
class Watch:
    """One account's recent uses by kind, and the limits it has exceeded (`exceeded`)."""

    clock: Callable[[], float]
    limits: AccountLimits = field(default_factory=AccountLimits)
    exceeded: list[str] = field(default_factory=list)
    _uses: dict[str, deque[float]] = field(default_factory=dict)
    _flooded_until: dict[str, float] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)
    _refused: bool = False

    def check_call(self, method: str) -> None:
        """Check a call before it runs: raises RpcError during a flood wait or for a frozen account."""
        if self.limits.frozen and method in FORBIDDEN_WHEN_FROZEN:
            raise FROZEN
        left = self._flooded_until.get(method, 0.0) - self.clock()
        if left > 0:
            if method in self._warned:
                self.exceeded.append(f"{method} within a FLOOD_WAIT")
            self._warned.add(method)
            raise RpcError(420, f"FLOOD_WAIT_{int(left) + 1}")

    def flood(self, method: str, seconds: float) -> None:
        """Start a flood wait for a method; its next call gets the error."""
        self._flooded_until[method] = self.clock() + seconds
        self._warned.discard(method)

    def refuse_next(self) -> None:
        """Answer the next first message with PEER_FLOOD even within the limits, as after complaints."""
        self._refused = True

    def first_message(self) -> None:
        """Count the first message of a new chat; raises PEER_FLOOD above the limit."""
        limits = self.limits
        if self._refused:
            self._refused = False
            raise RpcError(400, "PEER_FLOOD")
        if not (
            self._within(NEW_CHATS, limits.new_chats, DAY)
            and self._within(NEW_CHATS, limits.new_chats_burst, 300)
        ):
            self.exceeded.append("first messages")
            raise RpcError(400, "PEER_FLOOD")
        self._use(NEW_CHATS)

    def resolve(self, method: str) -> None:
        """Count a look-up; raises FLOOD_WAIT above the limit."""
        limits = self.limits
        if not (
            self._within(method, limits.resolves, DAY) and self._within(method, limits.resolves_burst, 60)
        ):
            self.exceeded.append(method)
            self.flood(method, limits.flood_seconds)
            self._warned.add(method)
            raise RpcError(420, f"FLOOD_WAIT_{limits.flood_seconds}")
        self._use(method)

    def may_import(self) -> bool:
        """Count an imported contact; return False above the limit."""
        if not self._within("imports", self.limits.imports, DAY):
            self.exceeded.append("imports")
            return False
        self._use("imports")
        return True

    def most_in_a_day(self, kind: str) -> int:
        """Return the highest number of uses in any 24 hours so far."""
        times = list(self._uses.get(kind, ()))
        most, start = 0, 0
        for end, moment in enumerate(times):
            while times[start] <= moment - DAY:
                start += 1
            most = max(most, end - start + 1)
        return most

    def total(self, kind: str) -> int:
        """Return the number of all uses so far."""
        return len(self._uses.get(kind, ()))

    def _within(self, kind: str, limit: int | None, seconds: float) -> bool:
        if limit is None:
            return True
        since = self.clock() - seconds
        return sum(moment > since for moment in self._uses.get(kind, ())) < limit

    def _use(self, kind: str) -> None:
        self._uses.setdefault(kind, deque(maxlen=20_000)).append(self.clock())
