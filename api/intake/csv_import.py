"""Rows of a file become leads: each once, however often the file is sent, and none because of another."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from fastapi import HTTPException
from sqlalchemy.exc import DBAPIError

from api.errors import log_failure, unavailable
from api.forms.body_parser import Field, Fields
from api.forms.csv_reader import CsvRow
from api.forms.field_roles import Role, role_of
from api.forms.text_cleaning import one_line
from api.forms.tilda import read_lead
from api.intake.store import store
from api.intake.submission import KeyedSubmission, Result, Submission
from api.middleware.body_limits import LARGEST_BODY
from shared.contacts import ContactError
from shared.database.engine import Database

logger = logging.getLogger(__name__)

SOURCE = "import"
MOST_COLUMNS = 1000
# What the report of them can still be kept in memory.
MOST_ROWS = 100_000
# Few enough that forms, which must not wait, get their turn of the processor in between.
BATCH = 100
_KEY_COLUMNS = ("id", "key", "tranid")
_LONGEST_KEY = 120
_CONTACTS = frozenset({Role.PHONE, Role.USERNAME, Role.CONTACT})


@dataclass(frozen=True)
class RowReport:
    """What became of one row."""

    row: int
    outcome: Literal["taken", "repeated", "refused"]
    lead_id: int | None = None
    error: str | None = None


def check_header(header: Sequence[str]) -> None:
    """Raises ContactError if no row under this header can be a lead."""
    if not any(header):
        raise ContactError("file", "the file is empty: its first row has to name the columns")
    if len(header) > MOST_COLUMNS:
        raise ContactError("file", f"the file has more than {MOST_COLUMNS} columns")
    if not any(role_of(column) in _CONTACTS for column in header):
        raise ContactError(
            "file", "no column is named like a phone or a Telegram username: name one Phone or Username"
        )


async def import_rows(
    database: Database, header: Sequence[str], rows: Iterator[CsvRow], *, region: str, now: datetime
) -> AsyncIterator[RowReport]:
    """Store the rows, batch by batch, and say what became of each.

    Raises what the database raised when it went away, and a 413 after MOST_ROWS: what was reported until
    then is stored, and the rest is not.
    """
    taken = 0
    while batch := list(islice(rows, BATCH)):
        if (taken := taken + len(batch)) > MOST_ROWS:
            raise HTTPException(413, f"only {MOST_ROWS} rows were read: send the rest as a file of its own")
        read = [(row.number, _read(header, row, region)) for row in batch]
        wanted = [(number, found) for number, found in read if isinstance(found, Submission)]
        stored = dict(
            zip((number for number, _ in wanted), await _store_all(database, wanted, now), strict=True)
        )
        for number, found in read:
            yield (
                stored[number] if isinstance(found, Submission) else RowReport(number, "refused", error=found)
            )


def _read(header: Sequence[str], row: CsvRow, region: str) -> Submission | str:
    """The lead in a row, or why there is none."""
    if row.cells is None or sum(map(len, row.cells)) > LARGEST_BODY:
        return "the row is too long to be read"
    fields = _fields(header, row.cells)
    try:
        lead = read_lead(fields, region=region)
    except ContactError as error:
        return f"{error.field}: {error}"
    except Exception as error:  # noqa: BLE001 - one row must not stop those after it
        log_failure("understanding a row", error)
        return "the row could not be understood"
    submission = Submission(lead.name, lead.contact, SOURCE, None, lead.extra)
    return replace(submission, key=_key(fields, submission))


def _fields(header: Sequence[str], cells: Sequence[str]) -> Fields:
    named = [
        Field(column or f"column {at}", cell)
        for at, (column, cell) in enumerate(zip(header, cells, strict=False), start=1)
    ]
    beyond = [
        Field(f"column {at}", cell) for at, cell in enumerate(cells[len(header) :], start=len(header) + 1)
    ]
    return [item for item in (*named, *beyond) if item.value.strip()]


def _key(fields: Fields, submission: Submission) -> str:
    """The same for the same row again: by its own key together with the contact, or else by all it says.

    Numbers alone are no keys: the rows of two files may both begin with 1.
    """
    own = next(
        (item.value for name in _KEY_COLUMNS for item in fields if item.key.strip().casefold() == name), None
    )
    if own is None:
        return f"row:{submission.fingerprint}"
    person = replace(submission, name="", extra={})
    return f"{one_line(own)[:_LONGEST_KEY]}/{person.fingerprint[:16]}"


async def _store_all(
    database: Database, rows: Sequence[tuple[int, Submission]], now: datetime
) -> Sequence[RowReport]:
    """Store a batch in one transaction; if one row spoils it, each in its own."""
    if not rows:
        return []
    try:
        return await _store(database, rows, now)
    except DBAPIError as error:
        if unavailable(error) is not None:
            raise
        if len(rows) == 1:
            log_failure("storing a row", error)
            return [RowReport(rows[0][0], "refused", error="the row could not be stored")]
    return [(await _store_all(database, [row], now))[0] for row in rows]


async def _store(
    database: Database, rows: Sequence[tuple[int, Submission]], now: datetime
) -> Sequence[RowReport]:
    first: dict[str | None, int] = {}
    for number, submission in rows:
        first.setdefault(submission.key, number)
    arrivals = [
        KeyedSubmission(submission, now) for number, submission in rows if first[submission.key] == number
    ]
    async with database.engine.begin() as connection:
        # No window: the key of a row is never its fingerprint alone.
        results = await connection.run_sync(store, arrivals, timedelta(0))
    return [
        _report(number, results[SOURCE, submission.key or ""], is_first=first[submission.key] == number)
        for number, submission in rows
    ]


def _report(number: int, result: Result, *, is_first: bool) -> RowReport:
    lead_id = result.lead["id"] if result.lead else None
    return RowReport(number, "taken" if result.created and is_first else "repeated", lead_id)
