"""Liveness and readiness checks."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import DatabaseDep
from api.errors import RETRY_AFTER_SECONDS
from api.schemas.examples import not_ready
from api.schemas.health import NotReadyOut, ReadyOut
from api.schemas.models import StatusOut
from shared.database.checks.write_check import WriteCheck
from shared.database.engine import answered_within
from shared.database.faults.error_classes import classify
from shared.database.faults.error_tables import NO_ANSWER, UNREACHABLE_REASON
from shared.database.schema_version import SchemaState, SchemaVersion, read_schema_version
from shared.database.timeouts import READY_SECONDS

router = APIRouter(tags=["health"])

_NO_CONNECTION = frozenset({UNREACHABLE_REASON, NO_ANSWER.reason})


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
    response_description="The database is migrated, and stores.",
    responses={503: {"model": NotReadyOut, **not_ready()}},
)
async def readyz(request: Request, database: DatabaseDep) -> Response | ReadyOut:
    """Compares the database's revision with the newest migration of this program, and writes a row that is
    rolled back: a database that can only be read is not ready. Answers within five seconds."""
    newest: str = request.app.state.newest_revision
    check: WriteCheck = request.app.state.write_check
    try:
        async with answered_within(READY_SECONDS):
            problem = _schema_problem(await read_schema_version(database), newest)
            if problem is None and (fault := await check.fault()) is not None:
                problem = _storing_problem(fault.reason)
    except SQLAlchemyError as error:
        problem = _storing_problem(classify(error).reason)
    if problem is None:
        return ReadyOut(revision=newest)
    return JSONResponse(problem.model_dump(), 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def _schema_problem(version: SchemaVersion, newest: str) -> NotReadyOut | None:
    match version.state:
        case SchemaState.CURRENT:
            return None
        case SchemaState.OUTDATED | SchemaState.NEWER | SchemaState.EMPTY:
            return NotReadyOut(
                database="outdated",
                detail=f"the database is not at revision {newest}: run `alembic upgrade head`",
            )
        case SchemaState.UNREACHABLE:
            return _storing_problem(version.fault.reason if version.fault else UNREACHABLE_REASON)


def _storing_problem(reason: str) -> NotReadyOut:
    if reason == UNREACHABLE_REASON:
        reason += ": start it, or correct DATABASE_URL"
        return NotReadyOut(database="unreachable", detail=f"the database {reason}")
    kind = "unreachable" if reason in _NO_CONNECTION else "unusable"
    return NotReadyOut(database=kind, detail=f"the database {reason}")
