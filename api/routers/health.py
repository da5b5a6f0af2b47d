"""Is the process alive, and can it do its work?"""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from api.dependencies import DatabaseDep
from api.errors import RETRY_AFTER_SECONDS
from api.schemas.examples import not_ready
from api.schemas.models import StatusOut
from shared.database.schema_check import Readiness, readiness

router = APIRouter(tags=["health"])


class ReadyOut(BaseModel):
    """The database is there and as new as the program."""

    status: Literal["ready"] = "ready"
    database: Literal["ok"] = "ok"
    revision: str


class NotReadyOut(BaseModel):
    """Which of the two is missing, and what to do."""

    status: Literal["unavailable"] = "unavailable"
    database: Literal["unreachable", "outdated"]
    detail: str


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Is the process alive?", response_description="It is.")
async def healthz() -> StatusOut:
    """Says yes as long as the process answers at all; asks nobody else."""
    return StatusOut()


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get(
    "/readyz",
    summary="Can it store leads?",
    response_model=ReadyOut,
    response_description="The database is reachable and migrated.",
    responses={503: {"model": NotReadyOut, **not_ready()}},
)
async def readyz(request: Request, database: DatabaseDep) -> Response | ReadyOut:
    """Asks the database for its revision and compares it with the newest migration of this program."""
    newest: str = request.app.state.newest_revision
    match await readiness(database, newest):
        case Readiness.READY:
            return ReadyOut(revision=newest)
        case Readiness.OUTDATED:
            answer = NotReadyOut(
                database="outdated",
                detail=f"the database is not at revision {newest}: run `alembic upgrade head`",
            )
        case Readiness.UNREACHABLE:
            answer = NotReadyOut(
                database="unreachable",
                detail="the database cannot be reached: start it, or correct DATABASE_URL",
            )
    return JSONResponse(answer.model_dump(), 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
