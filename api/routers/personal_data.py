"""A person's data: export or erase all of it."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.dependencies import DatabaseDep
from api.queries import personal_data
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import PersonOut
from api.security.tokens import require_api_token
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
    summary="Export all data about a person",
    response_model=PersonOut,
    response_description="A JSON file with every row about the person.",
)
async def export_person(lead_id: RowId, database: DatabaseDep) -> Response:
    """The lead and the person's other leads (the same phone, username or Telegram account), with their
    messages, events, webhook calls and do-not-contact entries."""
    async with database.reading() as session:
        lead = await personal_data.get_lead_or_404(session, lead_id)
        exported: Any = await personal_data.export(session, lead, utc_now())
    disposition = f'attachment; filename="lead-{lead_id}.json"'
    return JSONResponse(exported, headers={"Content-Disposition": disposition})


@router.delete(
    # Only a number: /leads/import is another route.
    "/{lead_id:int}",
    status_code=204,
    summary="Erase a person",
    response_description="The lead and all its data are deleted.",
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
            description="Add the contacts, as hashes, to the do-not-contact list: no more messages.",
        ),
    ] = False,
) -> None:
    """Delete the lead, its messages, its history and its webhook calls permanently. This takes effect even
    if the worker is processing the lead: only a message that is already being sent may still arrive."""
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
