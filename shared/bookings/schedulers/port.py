"""What connecting and asking need of a scheduler, in one form for all that have an API. Pure."""

from dataclasses import dataclass
from typing import Final, Protocol

ACTIVE: Final = "active"
DISABLED: Final = "disabled"
MISSING: Final = "missing"


@dataclass(frozen=True)
class Account:
    """The scheduler's names of the user whose token it is, and of their organization."""

    user: str
    organization: str | None = None


@dataclass(frozen=True)
class Subscription:
    """A webhook subscription as the scheduler lists it; `is_complete`: it reports all that is needed."""

    name: str
    callback_url: str
    state: str
    is_complete: bool


class SchedulerApi(Protocol):
    """A scheduler's API. All calls raise SchedulerError."""

    @property
    def source(self) -> str:
        """The name in `bookings.source` and in the callback's address."""

    @property
    def name(self) -> str:
        """The name that people read."""

    async def account(self) -> Account:
        """Return whose token it is."""

    async def subscriptions(self, account: Account) -> list[Subscription]:
        """Return the webhook subscriptions of a user."""

    async def subscribe(self, url: str, account: Account, signing_key: str) -> str:
        """Create a webhook subscription; returns its name."""

    async def unsubscribe(self, subscription: str) -> None:
        """Delete a webhook subscription; one that is gone already is no error."""
