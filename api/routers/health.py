"""Liveness and readiness checks."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.dependencies import DatabaseDep
from api.errors import RETRY_AFTER_SECONDS
from api.schemas.examples import not_ready
from api.schemas.health import NotReadyOut, ReadyOut
from api.schemas.models import StatusOut
from shared.database.schema_version import SchemaState, schema_state

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Is the process alive?", response_description="It is.")
async def healthz() -> StatusOut:
    """Always answers `ok`; uses neither the database nor another service."""
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
    """Compares the database's revision with the newest migration of this program."""
    newest: str = request.app.state.newest_revision
    match await schema_state(database):
        case SchemaState.CURRENT:
            return ReadyOut(revision=newest)
        case SchemaState.OUTDATED | SchemaState.NEWER | SchemaState.EMPTY:
            answer = NotReadyOut(
                database="outdated",
                detail=f"the database is not at revision {newest}: run `alembic upgrade head`",
            )
        case SchemaState.UNREACHABLE:
            answer = NotReadyOut(
                database="unreachable",
                detail="the database cannot be reached: start it, or correct DATABASE_URL",
            )
    return JSONResponse(answer.model_dump(), 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
