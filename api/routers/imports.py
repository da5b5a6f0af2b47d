"""Import of a CSV file: each row becomes a lead, and the response reports the result of each row."""

import json
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from api.dependencies import DatabaseDep, SettingsDep
from api.intake.csv_upload import import_upload, uploaded_text
from api.schemas import examples
from api.schemas.imports import ImportOut
from api.security.tokens import require_api_token

PATH = "/leads/import"
NDJSON = "application/x-ndjson"

router = APIRouter(tags=["leads"], dependencies=[Depends(require_api_token)])


@router.post(
    PATH,
    summary="Import a CSV file",
    response_model=ImportOut,
    response_description="The result of each row.",
    responses={
        **examples.UNAUTHORIZED,
        **examples.BODY_REFUSED,
        **examples.IMPORT_REFUSED,
        **examples.UNPROCESSABLE,
        **examples.IMPORT_BROKEN_OFF,
    },
    openapi_extra={"requestBody": examples.IMPORT_BODY},
)
async def import_file(
    request: Request,
    text: Annotated[Iterable[str], Depends(uploaded_text)],
    database: DatabaseDep,
    settings: SettingsDep,
) -> Response:
    """Each row becomes a lead. The first row contains the column names, which are recognised like a form's
    fields; a column for a phone or a username is needed. If the file is sent again, only missing rows are
    stored: a row is identified by its column `id`, `key` or `tranid` and its contact, or else by its whole
    content. With `Accept: application/x-ndjson` the result of each row is sent while the file is read."""
    report = import_upload(text, database, settings)
    if NDJSON in request.headers.get("accept", ""):
        lines = (json.dumps(line, ensure_ascii=False) + "\n" async for line in report.lines())
        return StreamingResponse(lines, media_type=NDJSON)
    # Encoded row by row: a hundred thousand rows at once would stop all other requests.
    *encoded, total = [json.dumps(line, ensure_ascii=False) async for line in report.lines()]
    body = f'{total[:-1]}, "rows": [{", ".join(encoded)}]}}'
    status, headers = (report.end.status_code, report.end.headers) if report.end else (200, None)
    return Response(body, status, headers=headers, media_type="application/json")
