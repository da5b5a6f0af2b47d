"""Import of a CSV file, with the report by row."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from api.console import access, rendering
from api.console.access import Operator
from api.dependencies import DatabaseDep, SettingsDep
from api.intake.csv_upload import import_upload, uploaded_text

# The report names so many rows with problems; the totals count all.
MOST_SHOWN = 500

router = APIRouter(prefix="/import", dependencies=[Depends(access.operator)])


@router.get("")
async def show_form(request: Request, user: Operator) -> Response:
    """The form for a file."""
    return rendering.page(request, "import.html", report=None, fault=None)


# The check of the role comes before the upload is read: dependencies run in this order.
@router.post("")
async def import_file(
    request: Request,
    user: Operator,
    text: Annotated[Iterable[str], Depends(uploaded_text)],
    database: DatabaseDep,
    settings: SettingsDep,
) -> Response:
    """Store each row as a lead, and report what became of each."""
    try:
        report = import_upload(text, database, settings)
    except RequestValidationError as error:
        fault = error.errors()[0]["msg"]
        return rendering.page(request, "import.html", 422, report=None, fault=fault)
    *lines, total = [line async for line in report.lines()]
    shown = sorted(lines, key=lambda line: (line["outcome"] != "refused", line["row"]))[:MOST_SHOWN]
    values = {"rows": shown, "total": total, "left_out": len(lines) - len(shown)}
    return rendering.page(request, "import.html", report=values, fault=None)
