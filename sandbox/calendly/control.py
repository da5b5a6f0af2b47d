"""The control of the sandbox's Calendly: bookings, no-shows, faults, rate limits, disabled subscriptions."""

from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel

from sandbox.calendly.state import Calendly, Invitee
from sandbox.calendly.webhooks import Webhooks
from sandbox.scheduler_api import FaultsIn


class BookIn(BaseModel):
    """A booking, as a visitor makes it on the page; `moves` is the number of an earlier one."""

    start: AwareDatetime
    name: str = "Анна"
    email: str = "anna@example.com"
    timezone: str | None = None
    tracking: dict[str, str | None] | None = None
    moves: int | None = None


class ActIn(BaseModel):
    """What happens with a booking."""

    action: Literal["cancel", "cancel_by_host", "no_show", "no_show_undone"]


def build_control(calendly: Calendly, webhooks: Webhooks, prefix: str) -> APIRouter:
    """Return the routes of the control under `prefix`."""
    router = APIRouter(prefix=prefix, tags=["calendly"])

    @router.post("/bookings", status_code=201)
    async def book(wanted: BookIn) -> dict[str, Any]:
        """Book a time, or move a booking."""
        old = _find(calendly, wanted.moves) if wanted.moves is not None else None
        one = calendly.book(
            *(wanted.start, wanted.name, wanted.email),
            timezone=wanted.timezone or (old.timezone if old else "Europe/Moscow"),
            tracking=wanted.tracking,
            old=old,
        )
        webhooks.report(*([("invitee.canceled", old)] if old else []), ("invitee.created", one))
        return {"number": one.number, **calendly.shown(one)}

    @router.post("/bookings/{number}")
    async def act(number: int, wanted: ActIn) -> dict[str, Any]:
        """Cancel a booking, or report that the person did not come."""
        one = _find(calendly, number)
        if wanted.action.startswith("cancel"):
            calendly.cancel(one, by="invitee" if wanted.action == "cancel" else "host", reason="")
            webhooks.report(("invitee.canceled", one))
        else:
            absent = wanted.action == "no_show"
            calendly.mark_no_show(one, absent=absent)
            webhooks.report(("invitee_no_show.created" if absent else "invitee_no_show.deleted", one))
        return calendly.shown(one)

    @router.post("/faults")
    async def set_faults(wanted: FaultsIn) -> dict[str, str]:
        """Set the faults of webhook calls; those that are not named end."""
        calendly.faults = wanted.faults()
        calendly.limit.change(wanted.rate_limit)
        return {"status": "ok"}

    @router.post("/subscriptions/disable")
    async def disable() -> dict[str, int]:
        """Disable all subscriptions, as Calendly does after a day of failures."""
        for one in calendly.subscriptions.values():
            one.state = "disabled"
        return {"disabled": len(calendly.subscriptions)}

    @router.get("")
    async def state() -> dict[str, Any]:
        """Show bookings, subscriptions and the calls that were made."""
        return {
            "now": calendly.now(),
            "bookings": [calendly.shown(one) for one in calendly.invitees.values()],
            "subscriptions": [one.shown() for one in calendly.subscriptions.values()],
            "deliveries": calendly.deliveries,
        }

    return router


def _find(calendly: Calendly, number: int) -> Invitee:
    if number not in calendly.invitees:
        raise HTTPException(404, f"there is no booking {number}")
    return calendly.invitees[number]
