"""Ways to hold the worker at one exact point from outside, as values; barriers.py applies them."""

from dataclasses import dataclass
from typing import Literal

Method = Literal[
    "contacts.ResolveUsername",
    "contacts.ImportContacts",
    "messages.SetTyping",
    "messages.SendMessage",
    "messages.GetHistory",
]
Table = Literal["leads", "lead_events", "messages", "telegram_accounts"]


@dataclass(frozen=True)
class InCall:
    """Telegram delays this call about the prospect: before its effect, or between effect and answer."""

    method: Method
    action: Literal["delay_before", "delay_after"] = "delay_before"


@dataclass(frozen=True)
class InModel:
    """The model delays its answer."""


@dataclass(frozen=True)
class AtCommit:
    """The next transaction waits for a lock, which is taken while the call before it (`gate`) is held.

    On PostgreSQL the lock is on the lead's row, on the account's row, or on another table as a whole. So the
    transaction is held at different statements. SQLite has one lock for everything. `seen` is a query by
    `:lead` that has a row from the commit before until the held commit. It shows the moment to lock SQLite
    where no call lies between the two commits.
    """

    gate: InCall | InModel | None
    table: Table
    seen: str | None = None


Block = InCall | InModel | AtCommit
