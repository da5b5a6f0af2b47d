"""Cal.com's API v2, as far as the product uses it: https://cal.com/docs/api-reference/v2."""

import secrets
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request

from sandbox.calcom.state import MEETING, OWNER, OWNER_ID, Calcom, Webhook, listed

TRIGGERS = frozenset(
    {
        *("BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_CANCELLED", "BOOKING_REJECTED"),
        *("BOOKING_REQUESTED", "BOOKING_NO_SHOW_UPDATED", "MEETING_STARTED", "MEETING_ENDED"),
    }
)


class CalcomProblem(HTTPException):
    """An error in Cal.com's form."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, {"status": "error", "error": {"message": message}}, headers)


def build_api(calcom: Calcom, prefix: str) -> APIRouter:
    """Return the routes of the API under `prefix`."""

    async def authorized(request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in calcom.tokens:
            raise CalcomProblem(401, "Your api key is not valid")
        if calcom.limit.is_reached():
            raise CalcomProblem(429, "ThrottlerException: Too Many Requests", {"Retry-After-Default": "60"})

    router = APIRouter(prefix=f"{prefix}/v2", dependencies=[Depends(authorized)], include_in_schema=False)

    @router.get("/me")
    async def me() -> dict[str, Any]:
        return _success({"id": OWNER_ID, "email": OWNER, "organizationId": None})

    _add_bookings(router, calcom)
    _add_webhooks(router, calcom)
    return router


def _add_bookings(router: APIRouter, calcom: Calcom) -> None:
    @router.get("/bookings")
    async def bookings(request: Request) -> dict[str, Any]:
        # Other versions have another form.
        if request.headers.get("cal-api-version") != "2024-08-13":
            raise CalcomProblem(404, "Cannot GET /v2/bookings")
        query = request.query_params
        since, until = _moment(query.get("afterStart")), _moment(query.get("beforeEnd"))
        found = [
            listed(one)
            for one in calcom.bookings.values()
            if (since is None or one.start >= since) and (until is None or one.start + MEETING <= until)
        ]
        return _page(found, request)

    @router.get("/bookings/{uid}")
    async def booking(uid: str) -> dict[str, Any]:
        found = next((one for one in calcom.bookings.values() if one.uid == uid), None)
        if found is None:
            raise CalcomProblem(404, f"Booking with uid={uid} was not found in the database")
        return _success(listed(found))


def _add_webhooks(router: APIRouter, calcom: Calcom) -> None:
    @router.get("/webhooks")
    async def webhooks(request: Request) -> dict[str, Any]:
        return _page([one.shown() for one in calcom.webhooks.values()], request)

    @router.post("/webhooks", status_code=201)
    async def create(request: Request) -> dict[str, Any]:
        wanted = await request.json()
        names = [str(name) for name in wanted.get("triggers", [])]
        if not set(names) <= TRIGGERS or not isinstance(wanted.get("active"), bool):
            raise CalcomProblem(400, "each value in triggers must be one of the allowed values")
        if any(one.url == wanted["subscriberUrl"] for one in calcom.webhooks.values()):
            raise CalcomProblem(409, "Webhook with this subscriber url already exists for this user")
        one = Webhook(secrets.token_hex(8), wanted["subscriberUrl"], names, wanted.get("secret"))
        calcom.webhooks[one.id] = one
        return _success(one.shown())

    @router.delete("/webhooks/{webhook}")
    async def delete(webhook: str) -> dict[str, Any]:
        if webhook not in calcom.webhooks:
            raise CalcomProblem(404, f"Webhook ({webhook}) not found")
        return _success(calcom.webhooks.pop(webhook).shown())


def _page(found: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    skip, take = int(request.query_params.get("skip", 0)), int(request.query_params.get("take", 100))
    return _success(found[skip : skip + take])


def _success(data: object) -> dict[str, Any]:
    return {"status": "success", "data": data}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
