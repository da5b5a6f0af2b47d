"""Ways to hold the worker in one exact place from outside, as values; barriers.py carries them out."""

from dataclasses import dataclass
from typing import Literal

Method = Literal[
    "contacts.ResolveUsername",
    "contacts.ImportContacts",
    "messages.ReadHistory",
    "messages.SetTyping",
    "messages.SendMessage",
    "messages.GetHistory",
]
Table = Literal["leads", "lead_events", "messages", "telegram_accounts"]


@dataclass(frozen=True)
class InCall:
    """Telegram holds this call about the person: before its effect, or between effect and answer."""

    method: Method
    action: Literal["delay_before", "delay_after"] = "delay_before"


@dataclass(frozen=True)
class InModel:
    """The model takes its time."""


@dataclass(frozen=True)
class AtCommit:
    """The next transaction waits for a lock, taken while the call before it (`gate`) is held.

    PostgreSQL locks the lead's row, the account's row, or the whole of the other tables, so that the
    transaction is caught at different depths; SQLite has one lock for all. `seen`, a query by `:lead`, has
    a row from the commit before until the one that waits: by it SQLite finds the moment to take its lock
    where no call lies between.
    """

    gate: InCall | InModel | None
    table: Table
    seen: str | None = None


Block = InCall | InModel | AtCommit
