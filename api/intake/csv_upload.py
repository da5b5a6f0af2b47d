"""An uploaded CSV file: its text from the request's body, and the report on its rows."""

import logging
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any, BinaryIO

from fastapi import HTTPException, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from api.errors import invalid, unavailable
from api.forms.body.csv_reader import read_csv, read_lines
from api.intake.csv_import import check_header, import_rows
from api.schemas.imports import ImportedRow
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.contacts import ContactError
from shared.database.engine import Database

logger = logging.getLogger(__name__)

_CSV_TYPES = frozenset(
    {
        "",
        "text/csv",
        "application/csv",
        "text/plain",
        "text/tab-separated-values",
        "application/octet-stream",
        # The type of CSV files on Windows if Excel is installed.
        "application/vnd.ms-excel",
    }
)
_EXCEL_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


async def uploaded_text(request: Request) -> AsyncIterator[Iterable[str]]:
    """Yield the file's text, open until the response is sent; on disk, because it may be large."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    async with AsyncExitStack() as stack:
        try:
            if media == "multipart/form-data":
                form = await stack.enter_async_context(request.form(max_files=1, max_fields=20))
                file = _file_of(form)
            elif media in _CSV_TYPES:
                file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
                async for chunk in request.stream():
                    file.write(chunk)
            else:
                raise HTTPException(415, "a CSV file is expected: text/csv, or a file in multipart/form-data")
        except ClientDisconnect:
            raise HTTPException(400, "the connection was closed before the body was complete") from None
        file.seek(0)
        if file.read(4).startswith(_EXCEL_SIGNATURES):
            raise HTTPException(415, "this is an Excel workbook: save it as CSV")
        yield read_lines(file, _charset(request))


def _charset(request: Request) -> str | None:
    match = re.search(r'charset="?([\w.:-]{1,40})', request.headers.get("content-type", ""), re.IGNORECASE)
    return match.group(1) if match else None


def _file_of(form: FormData) -> BinaryIO:
    for value in form.values():
        if isinstance(value, UploadFile):
            return value.file
    raise invalid("file", "there is no file in the form")


def import_upload(text: Iterable[str], database: Database, settings: ApiSettings) -> "Report":
    """Return the report that stores each row of the file while it is read.

    Raises RequestValidationError if the header has no column for a contact.
    """
    header, rows = read_csv(text)
    try:
        check_header(header, settings.tilda_fields)
    except ContactError as error:
        raise invalid(error.field, str(error), header[:20]) from None
    stored = import_rows(
        database,
        header,
        rows,
        region=settings.phone_region,
        now=utc_now(),
        mapping=settings.tilda_fields,
    )
    return Report(stored)


class Report:
    """The result of each row; `end` is the error that ended the import early, if there was one."""

    def __init__(self, rows: AsyncIterator[ImportedRow]) -> None:
        self._rows = rows
        self.end: HTTPException | None = None

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """Yield one line per row, then the totals."""
        counts = Counter(taken=0, repeated=0, refused=0)
        try:
            async for row in self._rows:
                counts[row.outcome] += 1
                yield row.model_dump()
        except HTTPException as error:
            self.end = error
        except SQLAlchemyError as error:
            if (answer := unavailable(error)) is None:
                raise
            answer.detail += "; the import ended here: send the file again to store the missing rows"
            self.end = answer
        logger.info("imported: %s", ", ".join(f"{name} {number}" for name, number in counts.items()))
        yield {"complete": self.end is None, **counts, "detail": self.end and self.end.detail}
