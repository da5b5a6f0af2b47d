"""Exports and erases a person's data; only for owners, and after a question back."""

import logging
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.console import rendering
from api.console.access import Owner
from api.console.pages.lead.locks import record
from api.dependencies import DatabaseDep
from api.queries import personal_data
from api.queries.filters import RowId
from shared.clock import utc_now
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/leads/{lead_id}")


@router.post("/export")
async def export(lead_id: RowId, database: DatabaseDep, user: Owner) -> Response:
    """A JSON file with every row about the person."""
    now = utc_now()
    async with database.writing() as session:
        lead = await personal_data.get_lead_or_404(session, lead_id)
        await record(session, lead_id, user, "export", now)
        exported = await personal_data.export(session, lead, now)
    disposition = f'attachment; filename="lead-{lead_id}.json"'
    return JSONResponse(exported, headers={"Content-Disposition": disposition})


@router.get("/erase")
async def ask_before_erasing(
    request: Request, lead_id: RowId, database: DatabaseDep, user: Owner
) -> Response:
    """The question before the erasure, with the person's other leads."""
    async with database.reading() as session:
        lead = await personal_data.get_lead_or_404(session, lead_id)
        leads = await personal_data.leads_of_person(session, lead)
    return rendering.page(request, "erase.html", lead=lead, leads=leads)


@router.post("/erase")
async def erase(
    request: Request,
    lead_id: RowId,
    database: DatabaseDep,
    user: Owner,
    everything: Annotated[bool, Form()] = False,
    forbid: Annotated[bool, Form()] = False,
) -> Response:
    """Delete the lead, and on request the person's other leads, permanently."""
    async with database.writing() as session:
        lead = await personal_data.get_lead_or_404(session, lead_id)
        leads = await personal_data.leads_of_person(session, lead) if everything else [lead]
        for each in leads if forbid else []:
            await suppression_list.add(
                session,
                SuppressedIdentity.of(each),
                reason="asked to be erased",
                actor=user.name,
                now=utc_now(),
            )
        await personal_data.erase(session, leads)
    logger.info("lead %s erased by %s, and %d others of the same person", lead_id, user.name, len(leads) - 1)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/", 303)
