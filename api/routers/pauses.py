"""The pause: stops first messages, or all, of every worker until it is ended."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Response
from fastapi.openapi.models import Example
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import DatabaseDep
from api.schemas import examples
from api.security.tokens import require_api_token
from shared.clock import utc_now
from shared.leads import pauses

ACTOR = "api"
EXAMPLES = {
    "first messages": Example(value={"scope": "first_messages"}),
    "all messages": Example(value={"scope": "all"}),
}

router = APIRouter(
    prefix="/pause",
    tags=["leads"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNAVAILABLE},
)


class PauseIn(BaseModel):
    """What is to be paused."""

    model_config = ConfigDict(extra="forbid")

    scope: Literal["first_messages", "all"] = Field(
        "first_messages",
        description="`first_messages`: no new person is written to. `all`: the assistant sends nothing;"
        " texts of humans are sent.",
    )


class PauseOut(BaseModel):
    """The pause; all fields are null if there is none."""

    model_config = ConfigDict(from_attributes=True)

    scope: Literal["first_messages", "all"] | None = None
    since: datetime | None = None
    actor: str | None = Field(None, description="Who began it: owner, api, command line, or a user.")


@router.get("", summary="Show the pause", response_description="The pause; null fields if there is none.")
async def show_pause(database: DatabaseDep) -> PauseOut:
    """Whether the workers send messages now."""
    async with database.reading() as session:
        pause = await pauses.current(session)
    return PauseOut() if pause is None else PauseOut.model_validate(pause)


@router.post(
    "",
    summary="Pause messages",
    response_description="The pause.",
    responses={**examples.UNPROCESSABLE, **examples.BODY_REFUSED},
)
async def begin_pause(
    database: DatabaseDep, request: Annotated[PauseIn | None, Body(openapi_examples=EXAMPLES)] = None
) -> PauseOut:
    """Every worker obeys within seconds. What people write is stored, and answered after the pause."""
    async with database.writing() as session:
        await pauses.begin(
            session, request.scope if request else "first_messages", actor=ACTOR, now=utc_now()
        )
        pause = await pauses.current(session)
    return PauseOut.model_validate(pause)


@router.delete("", status_code=204, summary="End the pause", response_description="There is no pause.")
async def end_pause(database: DatabaseDep) -> Response:
    """Leads that waited are due at once. Without a pause it does nothing."""
    async with database.writing() as session:
        await pauses.end(session, now=utc_now())
    return Response(status_code=204)
