"""The page of a lead."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.access import Viewer
from api.console.pages.lead import rendering as lead_page
from api.dependencies import DatabaseDep
from api.queries.filters import RowId

router = APIRouter()


@router.get("/leads/{lead_id}")
async def show_lead(request: Request, lead_id: RowId, database: DatabaseDep, user: Viewer) -> Response:
    """The conversation as a chat; beside it the form, the contacts and the history."""
    return await lead_page.render(request, database, user, lead_id)
