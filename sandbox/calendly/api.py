"""Calendly's API, as far as the product uses it: https://developer.calendly.com/api-docs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from sandbox.calendly.state import ORGANIZATION, USER, Calendly, Invitee
from sandbox.calendly.webhooks import Webhooks

EVENTS = frozenset(
    {"invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted"}
)


class Problem(HTTPException):
    """An error in Calendly's form."""

    def __init__(self, status: int, title: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, {"title": title, "message": message}, headers)


def build_api(calendly: Calendly, webhooks: Webhooks, prefix: str) -> APIRouter:
    """Return the routes of the API under `prefix`."""

    async def authorized(request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in calendly.tokens:
            raise Problem(401, "Unauthenticated", "The access token is invalid")
        if calendly.limit.is_reached():
            raise Problem(429, "Too Many Requests", "Rate limit exceeded", {"X-RateLimit-Reset": "60"})

    router = APIRouter(prefix=prefix, dependencies=[Depends(authorized)], include_in_schema=False)
    _add_reading(router, calendly)
    _add_subscriptions(router, calendly)
    _add_no_shows(router, calendly, webhooks)
    return router


def _add_reading(router: APIRouter, calendly: Calendly) -> None:
    @router.get("/users/me")
    async def me() -> dict[str, Any]:
        return {"resource": {"uri": USER, "name": "Owner", "current_organization": ORGANIZATION}}

    @router.get("/scheduled_events")
    async def events(request: Request) -> dict[str, Any]:
        query = request.query_params
        since, until = _moment(query.get("min_start_time")), _moment(query.get("max_start_time"))
        found = [
            calendly.shown_event(one)
            for one in calendly.invitees.values()
            if (since is None or one.start >= since) and (until is None or one.start <= until)
        ]
        return _page(found, query.get("count"), query.get("page_token"))

    @router.get("/scheduled_events/{event}")
    async def one_event(event: str) -> dict[str, Any]:
        found = next((one for one in calendly.invitees.values() if one.event_uri.endswith(f"/{event}")), None)
        if found is None:
            raise Problem(404, "Resource Not Found", "The server could not find the requested resource.")
        if found.event_uri in calendly.forbidden:
            raise Problem(403, "Permission Denied", "You do not have permission to access this resource.")
        return {"resource": calendly.shown_event(found)}

    @router.get("/scheduled_events/{event}/invitees")
    async def invitees(event: str) -> dict[str, Any]:
        found = [one for one in calendly.invitees.values() if one.event_uri.endswith(f"/{event}")]
        if not found:
            raise Problem(404, "Resource Not Found", "The server could not find the requested resource.")
        if found[0].event_uri in calendly.forbidden:
            raise Problem(403, "Permission Denied", "You do not have permission to access this resource.")
        shown = [calendly.shown(one) for one in found]
        # The list shows the event as a URI only.
        return _page([{k: v for k, v in one.items() if k != "scheduled_event"} for one in shown], None, None)


def _add_subscriptions(router: APIRouter, calendly: Calendly) -> None:
    @router.get("/webhook_subscriptions")
    async def subscriptions() -> dict[str, Any]:
        return _page([one.shown() for one in calendly.subscriptions.values()], None, None)

    @router.post("/webhook_subscriptions", status_code=201)
    async def subscribe(request: Request) -> dict[str, Any]:
        wanted = await request.json()
        names = [str(name) for name in wanted.get("events", [])]
        if not set(names) <= EVENTS or not names or not wanted.get("signing_key"):
            raise Problem(400, "Invalid Argument", "The supplied parameters are invalid.")
        try:
            made = calendly.subscribe(wanted["url"], names, wanted["signing_key"])
        except ValueError as error:
            raise Problem(409, "Already Exists", str(error)) from None
        return {"resource": made.shown()}

    @router.delete("/webhook_subscriptions/{name}", status_code=204)
    async def unsubscribe(name: str) -> Response:
        uri = next((uri for uri in calendly.subscriptions if uri.endswith(f"/{name}")), None)
        if uri is None:
            raise Problem(404, "Resource Not Found", "The server could not find the requested resource.")
        del calendly.subscriptions[uri]
        return Response(status_code=204)


def _add_no_shows(router: APIRouter, calendly: Calendly, webhooks: Webhooks) -> None:
    @router.get("/sample_webhook_data")
    async def sample(event: str) -> JSONResponse:
        if event not in EVENTS:
            raise Problem(400, "Invalid Argument", "The supplied parameters are invalid.")
        one = Invitee(
            0, calendly.now(), calendly.now(), "John Doe", "user@example.com", "America/New_York", {}
        )
        return JSONResponse(
            {
                "event": event,
                "created_at": "2026-01-01T00:00:00Z",
                "created_by": USER,
                "payload": calendly.shown(one),
            }
        )

    @router.post("/invitee_no_shows", status_code=201)
    async def no_show(request: Request) -> dict[str, Any]:
        uri = (await request.json()).get("invitee")
        one = next((one for one in calendly.invitees.values() if one.uri == uri), None)
        if one is None:
            raise Problem(404, "Resource Not Found", "The server could not find the requested resource.")
        calendly.mark_no_show(one, absent=True)
        webhooks.report(("invitee_no_show.created", one))
        return {"resource": calendly.shown(one)["no_show"]}


def _page(found: Iterable[dict[str, Any]], count: str | None, token: str | None) -> dict[str, Any]:
    rows, first, size = list(found), int(token or 0), int(count or 20)
    following = str(first + size) if first + size < len(rows) else None
    pagination = {"count": len(rows[first : first + size]), "next_page_token": following, "next_page": None}
    return {"collection": rows[first : first + size], "pagination": pagination}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
