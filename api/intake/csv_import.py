"""Imports the rows of a CSV file as leads. A row becomes one lead, even if the file is sent again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from fastapi import HTTPException
from sqlalchemy.exc import DBAPIError

from api.errors import log_failure
from api.forms.body.csv_reader import CsvRow
from api.forms.body.text_cleaning import decode_entities, one_line
from api.forms.custom_mapping import FormMapping, Role, plain
from api.forms.fields import Field, Fields
from api.forms.form import Form
from api.forms.form_reader import read_lead
from api.forms.recognition.field_meaning import PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field
from api.intake.event_loop_yielding import Pacer
from api.intake.store import store
from api.intake.submission import KeyedSubmission, Result, Submission
from api.middleware.body_limits import LARGEST_BODY
from api.schemas.imports import ImportedRow
from shared.contacts import ContactError
from shared.database.engine import Database
from shared.database.faults.error_classes import classify
from shared.database.faults.error_tables import ErrorKind

logger = logging.getLogger(__name__)

SOURCE = "import"
MAX_COLUMNS = 1000
# A row with more cells is parsed in a thread.
WIDE_ROW = 100
# The report of this many rows still fits in memory.
MAX_ROWS = 100_000
# Rows and blank lines together.
MAX_LINES = 10 * MAX_ROWS
# How many rows share a transaction. Forms wait for it: on SQLite for its lock, everywhere for the processor.
BATCH_SIZE = 25
_KEY_COLUMNS = ("id", "key", "tranid")
_MAX_KEY_LENGTH = 120
_CONTACT_ROLES = frozenset({Role.PHONE, Role.USERNAME, Role.CONTACT})


def check_header(header: Sequence[str], mapping: FormMapping | None = None) -> None:
    """Raise ContactError if no row under this header can be a lead."""
    if not any(header):
        raise ContactError("file", "the file is empty: its first row has to name the columns")
    if len(header) > MAX_COLUMNS:
        raise ContactError("file", f"the file has more than {MAX_COLUMNS} columns")
    roles = mapping.roles("", SOURCE) if mapping else {}
    if not any(roles.get(plain(column)) in _CONTACT_ROLES or _is_contact(column) for column in header):
        raise ContactError(
            "file",
            "no column is named like a phone or a Telegram username: name one Phone or Telegram, or map it in"
            f" TILDA_FIELDS; columns: {', '.join(header[:20])}",
        )


def _is_contact(column: str) -> bool:
    meaning = meaning_of_field(column)
    return meaning.phone >= PhoneRule.NUMBER or meaning.username >= UsernameRule.WITH_AT


async def import_rows(
    database: Database,
    header: Sequence[str],
    rows: Iterator[CsvRow],
    *,
    region: str,
    now: datetime,
    mapping: FormMapping | None = None,
) -> AsyncIterator[ImportedRow]:
    """Store the rows, batch by batch, and yield a report for each.

    Raises the database's error if the database fails, and a 413 after MAX_ROWS. The rows that were reported
    before the error are stored; the others are not.
    """
    count = 0
    with Pacer() as pacer:
        async for batch in _batches(rows, pacer):
            if (count := count + len(batch)) > MAX_ROWS or batch[-1].number > MAX_LINES:
                raise HTTPException(
                    413, f"only {MAX_ROWS} rows were read: send the rest as a file of its own"
                )
            parsed = []
            for row in batch:
                parsed.append((row.number, await _parse(header, row, region, mapping)))
                await pacer.pause()
            stored = await _store_batch(database, parsed, now, pacer)
            for number, item in parsed:
                await pacer.pause()
                yield (
                    stored[number]
                    if isinstance(item, Submission)
                    else ImportedRow(row=number, outcome="refused", error=item)
                )


async def _parse(
    header: Sequence[str], row: CsvRow, region: str, mapping: FormMapping | None
) -> Submission | str:
    if row.cells is not None and WIDE_ROW < len(row.cells) <= MAX_COLUMNS:
        # It takes up to 20 ms, and cannot be interrupted here.
        return await asyncio.to_thread(_parse_row, header, row, region, mapping)
    return _parse_row(header, row, region, mapping)


async def _store_batch(
    database: Database, parsed: Sequence[tuple[int, Submission | str]], now: datetime, pacer: Pacer
) -> dict[int, ImportedRow]:
    """Store the submissions of a batch; returns their reports by row."""
    submissions = [(number, item) for number, item in parsed if isinstance(item, Submission)]
    if not submissions:
        return {}
    # A transaction cannot be divided: it holds SQLite's lock, which forms need too.
    await pacer.let_forms_pass()
    reports = await _store_all(database, submissions, now)
    pacer.resume()
    return {report.row: report for report in reports}


async def _batches(rows: Iterator[CsvRow], pacer: Pacer) -> AsyncIterator[list[CsvRow]]:
    """Yield the rows in batches, without blank lines; the last batch may be smaller."""
    batch: list[CsvRow] = []
    for row in rows:
        await pacer.pause()
        if row.cells != []:
            batch.append(row)
        if len(batch) == BATCH_SIZE or (batch and row.number > MAX_LINES):
            yield batch
            batch = []
        if row.number > MAX_LINES:
            return
    if batch:
        yield batch


def _parse_row(
    header: Sequence[str], row: CsvRow, region: str, mapping: FormMapping | None
) -> Submission | str:
    """Return the submission in a row, or an error text."""
    if row.cells is None or sum(map(len, row.cells)) > LARGEST_BODY:
        return "the row is too long to be read"
    if len(row.cells) > MAX_COLUMNS:
        return f"the row has more than {MAX_COLUMNS} cells"
    fields = fields_of_row(header, row.cells)
    try:
        lead = read_lead(Form(fields), region=region, mapping=mapping, source=SOURCE)
    except ContactError as error:
        return f"{error.field}: {error}"
    except Exception as error:  # noqa: BLE001 - one row must not stop those after it
        log_failure("parsing a row", error)
        return "the row could not be understood"
    submission = Submission(lead.name, lead.contact, SOURCE, None, lead.extra, lead.evidence)
    return replace(submission, key=_key(fields, submission))


def fields_of_row(header: Sequence[str], cells: Sequence[str]) -> Fields:
    """Return the fields of a row; a cell without a column's name is named by its number."""
    under_header = [
        Field(decode_entities(column) or f"column {at}", decode_entities(cell))
        for at, (column, cell) in enumerate(zip(header, cells, strict=False), start=1)
    ]
    past_header = [
        Field(f"column {at}", cell) for at, cell in enumerate(cells[len(header) :], start=len(header) + 1)
    ]
    return [item for item in (*under_header, *past_header) if item.value.strip()]


def _key(fields: Fields, submission: Submission) -> str:
    """Return a key that is the same each time the row is sent.

    It is the row's own key with a hash of the contact, else a hash of the whole row. The row's own key alone
    is not enough: the ids of two files may both begin with 1.
    """
    own = next(
        (item.value for name in _KEY_COLUMNS for item in fields if item.key.strip().casefold() == name), None
    )
    if own is None:
        return f"row:{submission.fingerprint}"
    return f"{one_line(own)[:_MAX_KEY_LENGTH]}/{submission.contact_fingerprint}"


async def _store_all(
    database: Database, rows: Sequence[tuple[int, Submission]], now: datetime
) -> Sequence[ImportedRow]:
    """Store a batch in one transaction; if a row is at fault, store each row in its own transaction."""
    if not rows:
        return []
    try:
        return await _store(database, rows, now)
    except DBAPIError as error:
        if classify(error).kind is not ErrorKind.ROW:
            raise
        if len(rows) == 1:
            log_failure("storing a row", error)
            return [ImportedRow(row=rows[0][0], outcome="refused", error="the row could not be stored")]
    return [(await _store_all(database, [row], now))[0] for row in rows]


async def _store(
    database: Database, rows: Sequence[tuple[int, Submission]], now: datetime
) -> Sequence[ImportedRow]:
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


def _report(number: int, result: Result, *, is_first: bool) -> ImportedRow:
    lead_id = result.lead["id"] if result.lead else None
    outcome: Literal["taken", "repeated"] = "taken" if result.created and is_first else "repeated"
    return ImportedRow(row=number, outcome=outcome, lead_id=lead_id)
