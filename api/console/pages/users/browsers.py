"""The signed-in browsers: everybody sees and signs out their own, owners those of all users."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from api.console import access, rendering
from api.console.access import Viewer
from api.console.users import accounts, sessions
from api.dependencies import DatabaseDep
from shared.clock import utc_now

router = APIRouter(prefix="/browsers")


@router.get("")
async def show_browsers(request: Request, database: DatabaseDep, user: Viewer) -> Response:
    """The browsers in which the user is signed in; for an owner, all users with theirs."""
    is_owner = access.may(user, "owner")
    async with database.reading() as session:
        found = await sessions.listed(session, utc_now(), None if is_owner else user.id)
        users = await accounts.listed(session) if is_owner else []
    return rendering.page(request, "browsers.html", browsers=found, users=users)


@router.post("/end")
async def end_browser(
    request: Request, database: DatabaseDep, user: Viewer, browser: Annotated[str, Form(max_length=64)]
) -> Response:
    """Sign a browser out: it is led to the sign-in page with its next request."""
    owned_by = None if access.may(user, "owner") else user.id
    async with database.writing() as session:
        if not await sessions.end_named(session, browser, owned_by):
            raise HTTPException(404, "there is no such browser")
    return RedirectResponse(f"{request.scope.get('root_path', '')}/browsers", 303)
