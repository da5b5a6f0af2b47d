"""The control of the sandbox's Cal.com: bookings, no-shows, faults, rate limits, disabled webhooks."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, Field

from sandbox.calcom.state import OWNER, Booking, Calcom, Seat, listed
from sandbox.calcom.webhooks import NO_SHOW, Webhooks
from sandbox.scheduler_api import FaultsIn


class CalcomBookIn(BaseModel):
    """A booking, as a visitor makes it on the page; `moves` is the number of an earlier one."""

    start: AwareDatetime
    name: str = "Анна"
    email: str = "anna@example.com"
    timezone: str = "Europe/Moscow"
    metadata: dict[str, str] = Field(default_factory=dict)
    answers: dict[str, str] = Field(default_factory=dict)
    guests: list[str] = Field(default_factory=list)
    moves: int | None = None
    # Who moves it, if Cal.com says so: an e-mail address.
    moved_by: str | None = None


class CalcomSeatIn(BaseModel):
    """A seat that one more person takes in a booking."""

    name: str
    email: str
    timezone: str = "Europe/Moscow"
    metadata: dict[str, str] = Field(default_factory=dict)


class CalcomActIn(BaseModel):
    """What happens with a booking."""

    action: Literal["cancel", "cancel_by_host", "no_show", "no_show_undone", "shift"]
    # Of a shift, which moves a booking under its own uid.
    start: AwareDatetime | None = None


def build_control(calcom: Calcom, webhooks: Webhooks, prefix: str) -> APIRouter:
    """Return the routes of the control under `prefix`."""
    router = APIRouter(prefix=prefix, tags=["calcom"])

    @router.post("/bookings", status_code=201)
    async def book(wanted: CalcomBookIn) -> dict[str, Any]:
        """Book a time, or move a booking."""
        old = _find(calcom, wanted.moves) if wanted.moves is not None else None
        one = calcom.book(
            *(wanted.start, wanted.name, wanted.email),
            timezone=wanted.timezone,
            metadata=wanted.metadata,
            answers=wanted.answers,
            old=old,
        )
        one.guests, one.moved_by = wanted.guests, wanted.moved_by
        webhooks.report(("BOOKING_RESCHEDULED" if old else "BOOKING_CREATED", one))
        return {"number": one.number, **listed(one)}

    @router.post("/bookings/{number}/seats", status_code=201)
    async def take_seat(number: int, wanted: CalcomSeatIn) -> dict[str, Any]:
        """Take a seat in a booking."""
        one = _find(calcom, number)
        one.seats.append(Seat(**wanted.model_dump()))
        webhooks.report(("BOOKING_CREATED", one))
        return {"number": one.number, **listed(one)}

    @router.post("/bookings/{number}")
    async def act(number: int, wanted: CalcomActIn) -> dict[str, Any]:
        """Cancel or shift a booking, or report that the person did not come."""
        return _act(calcom, webhooks, _find(calcom, number), wanted)

    @router.post("/faults")
    async def set_faults(wanted: FaultsIn) -> dict[str, Any]:
        """Set the faults of webhook calls; those that are not named end."""
        calcom.faults = wanted.faults()
        calcom.limit.change(wanted.rate_limit)
        return asdict(calcom.faults)

    @router.post("/webhooks/disable")
    async def disable() -> dict[str, int]:
        """Switch all webhooks off, as their user can."""
        for one in calcom.webhooks.values():
            one.active = False
        return {"disabled": len(calcom.webhooks)}

    @router.get("")
    async def state() -> dict[str, Any]:
        """Show bookings, webhooks and the calls that were made."""
        return {
            "now": calcom.now(),
            "bookings": [listed(one) for one in calcom.bookings.values()],
            "webhooks": [one.shown() for one in calcom.webhooks.values()],
            "deliveries": calcom.deliveries,
        }

    return router


def _act(calcom: Calcom, webhooks: Webhooks, one: Booking, wanted: CalcomActIn) -> dict[str, Any]:
    if wanted.action.startswith("cancel"):
        calcom.cancel(one, by=one.email if wanted.action == "cancel" else OWNER)
        webhooks.report(("BOOKING_CANCELLED", one))
    elif wanted.action == "shift":
        one.start, one.updated_at = wanted.start or one.start, calcom.now()
        webhooks.report(("BOOKING_RESCHEDULED", one))
    else:
        one.is_absent = wanted.action == "no_show"
        one.updated_at = calcom.now()
        webhooks.report((NO_SHOW, one))
    return listed(one)


def _find(calcom: Calcom, number: int) -> Booking:
    if number not in calcom.bookings:
        raise HTTPException(404, f"there is no booking {number}")
    return calcom.bookings[number]
