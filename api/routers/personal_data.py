"""A person's data: all of it given out, or erased."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.dependencies import DatabaseDep, require_api_token
from api.queries import personal_data
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import PersonOut
from shared.clock import utc_now
from shared.leads import suppression_list
from shared.leads.suppression_list import SuppressedIdentity

logger = logging.getLogger(__name__)

router = APIRouter(
    prefix="/leads",
    tags=["people's data"],
    dependencies=[Depends(require_api_token)],
    responses={
        **examples.UNAUTHORIZED,
        **examples.NOT_FOUND,
        **examples.UNPROCESSABLE,
        **examples.UNAVAILABLE,
    },
)


@router.get(
    "/{lead_id}/export",
    summary="Give out all that is stored about a person",
    response_model=PersonOut,
    response_description="A file with every row about the person.",
)
async def export_person(lead_id: RowId, database: DatabaseDep) -> Response:
    """The lead and the person's other leads (the same phone, username or Telegram account), with their
    messages, events, webhook calls as they came, and marks in the do-not-contact list."""
    async with database.reading() as session:
        lead = await personal_data.get_lead_or_404(session, lead_id)
        found: Any = await personal_data.export(session, lead, utc_now())
    disposition = f'attachment; filename="lead-{lead_id}.json"'
    return JSONResponse(found, headers={"Content-Disposition": disposition})


@router.delete(
    # Only a number: /leads/import is no lead.
    "/{lead_id:int}",
    status_code=204,
    summary="Erase a person",
    response_description="It is gone, and so is all that belonged to it.",
)
async def erase_person(
    lead_id: RowId,
    database: DatabaseDep,
    everything: Annotated[
        bool,
        Query(description="Also the person's other leads: the same phone, username or Telegram account."),
    ] = False,
    forbid: Annotated[
        bool,
        Query(
            alias="do_not_contact",
            description="Keep marks of the contacts, which name nobody: the person is never written to.",
        ),
    ] = False,
) -> None:
    """Delete the lead, its messages, its history and the webhook calls that brought it, for good. A worker
    that is just at it loses it: after what may be on its way already, nothing more is said."""
    now = utc_now()
    async with database.writing() as session:
        lead = await personal_data.get_lead_or_404(session, lead_id)
        leads = await personal_data.leads_of_person(session, lead) if everything else [lead]
        if forbid:
            for each in leads:
                await suppression_list.add(
                    session, SuppressedIdentity.of(each), reason="asked to be erased", actor="api", now=now
                )
        await personal_data.erase(session, leads)
    logger.info("lead %s erased, and %d others of the same person", lead_id, len(leads) - 1)
