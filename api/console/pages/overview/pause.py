"""Begins and ends the pause of messages."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.console.access import Operator
from api.console.cache import cache_of
from api.console.live.hub import hub_of
from api.dependencies import DatabaseDep
from shared.clock import utc_now
from shared.leads import pauses
from shared.leads.pauses import Scope

router = APIRouter(prefix="/pause")


@router.post("")
async def begin(
    request: Request, database: DatabaseDep, user: Operator, scope: Annotated[Scope, Form()]
) -> Response:
    """Stop first messages, or all messages of the assistant, in every worker."""
    async with database.writing() as session:
        await pauses.begin(session, scope, actor=user.name, now=utc_now())
    return _to_overview(request)


@router.post("/end")
async def end(request: Request, database: DatabaseDep, user: Operator) -> Response:
    """End the pause; what waited is due at once."""
    async with database.writing() as session:
        await pauses.end(session, now=utc_now())
    return _to_overview(request)


def _to_overview(request: Request) -> Response:
    cache_of(request.app).forget("state")
    hub_of(request.app).tell_everything()
    return RedirectResponse(f"{request.scope.get('root_path', '')}/overview", 303)
