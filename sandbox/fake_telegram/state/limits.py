"""What this Telegram allows an account, and what it says when that is too much: made of what users report."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from sandbox.fake_telegram.errors import RpcError

DAY = 86_400
FROZEN = RpcError(420, "FROZEN_METHOD_INVALID")
# What a frozen account may not do.
CLOSED_TO_FROZEN = frozenset(
    {
        "messages.SendMessage",
        "contacts.ResolveUsername",
        "contacts.ResolvePhone",
        "contacts.ImportContacts",
    }
)
NEW_CHATS = "new chats"


class AccountLimits(BaseModel):
    """None = no limit. All are counted over any 24 hours."""

    model_config = ConfigDict(extra="forbid")

    new_chats: int | None = Field(None, ge=0, description="More first messages get PEER_FLOOD.")
    new_chats_burst: int | None = Field(None, ge=1, description="The same, within five minutes.")
    resolves: int | None = Field(None, ge=0, description="More get FLOOD_WAIT of flood_seconds.")
    resolves_burst: int | None = Field(None, ge=1, description="The same, within a minute.")
    imports: int | None = Field(None, ge=0, description="More come back in retry_contacts.")
    flood_seconds: int = Field(64_800, ge=1, description="How long a flood lasts: 18 hours.")
    frozen: bool = Field(False, description="It reads, and may do nothing else: FROZEN_METHOD_INVALID.")


@dataclass
class Watch:
    """One account's recent uses by kind, and how often it went too far (`exceeded`)."""

    clock: Callable[[], float]
    limits: AccountLimits = field(default_factory=AccountLimits)
    exceeded: list[str] = field(default_factory=list)
    _uses: dict[str, deque[float]] = field(default_factory=dict)
    _flooded_until: dict[str, float] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _refused: bool = False

    def enter(self, method: str) -> None:
        """Before any call of a method: nobody calls inside a wait, and a frozen account hardly at all."""
        if self.limits.frozen and method in CLOSED_TO_FROZEN:
            raise FROZEN
        left = self._flooded_until.get(method, 0.0) - self.clock()
        if left > 0:
            if method in self._told:
                self.exceeded.append(f"{method} within a FLOOD_WAIT")
            self._told.add(method)
            raise RpcError(420, f"FLOOD_WAIT_{int(left) + 1}")

    def flood(self, method: str, seconds: float) -> None:
        """The method is to be left alone from now on, as the next call of it is told."""
        self._flooded_until[method] = self.clock() + seconds
        self._told.discard(method)

    def refuse_next(self) -> None:
        """The next first message gets PEER_FLOOD, though it exceeds nothing: people have complained."""
        self._refused = True

    def first_message(self) -> None:
        """To somebody this account has never talked with; PEER_FLOOD if it is one too many."""
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
        """FLOOD_WAIT if it is one too many."""
        limits = self.limits
        if not (
            self._within(method, limits.resolves, DAY) and self._within(method, limits.resolves_burst, 60)
        ):
            self.exceeded.append(method)
            self.flood(method, limits.flood_seconds)
            self._told.add(method)
            raise RpcError(420, f"FLOOD_WAIT_{limits.flood_seconds}")
        self._use(method)

    def may_import(self) -> bool:
        """Whether one more contact is taken now."""
        if not self._within("imports", self.limits.imports, DAY):
            self.exceeded.append("imports")
            return False
        self._use("imports")
        return True

    def most_in_a_day(self, kind: str) -> int:
        """The most uses in any 24 hours so far."""
        times = list(self._uses.get(kind, ()))
        most, start = 0, 0
        for end, moment in enumerate(times):
            while times[start] <= moment - DAY:
                start += 1
            most = max(most, end - start + 1)
        return most

    def total(self, kind: str) -> int:
        """All uses so far."""
        return len(self._uses.get(kind, ()))

    def _within(self, kind: str, most: int | None, seconds: float) -> bool:
        if most is None:
            return True
        since = self.clock() - seconds
        return sum(moment > since for moment in self._uses.get(kind, ())) < most

    def _use(self, kind: str) -> None:
        self._uses.setdefault(kind, deque(maxlen=20_000)).append(self.clock())
