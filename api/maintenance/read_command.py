"""`python -m api read`: shows how a webhook call or a row would be understood, and stores nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path

from api.forms.body.csv_reader import read_csv, read_lines
from api.forms.body.raw_body import to_text
from api.forms.fields import Fields
from api.forms.form import Form
from api.forms.form_reader import is_secret
from api.intake.csv_import import fields_of_row
from api.intake.parsing import MOST_PEOPLE, ParsedCall, parse_call, parse_submissions
from api.intake.submission import Delivery, Result, Submission
from api.settings import ApiSettings
from shared.errors import ConfigError
from shared.localized_messages import sentence

_MAX_VALUE = 60
_CSV_TYPE = "text/csv"


def explain(file: Path, settings: ApiSettings, *, content_type: str | None, query: str, source: str) -> str:
    """Return what would become of a call with the body in `file`; raises ConfigError if it cannot be read."""
    try:
        body = file.read_bytes()
    except OSError as error:
        raise ConfigError(sentence("--file: {file}: {why}", file=str(file), why=error.strerror)) from None
    is_table = (content_type or "").strip().lower().startswith(_CSV_TYPE)
    call = _rows(body) if is_table else parse_call(body, content_type, query)
    text, charset = to_text(body)
    delivery = Delivery(source, datetime.now(UTC), content_type, text, charset, query or None)
    return "\n".join(_lines(call, delivery, settings))


def _rows(body: bytes) -> ParsedCall:
    """Return the first rows of a CSV file, each as the import would read it."""
    header, rows = read_csv(read_lines(BytesIO(body)))
    forms = (Form(fields_of_row(header, row.cells or [])) for row in rows if row.cells != [])
    return ParsedCall([*islice(forms, MOST_PEOPLE)] or [Form()])


def _lines(call: ParsedCall, delivery: Delivery, settings: ApiSettings) -> Iterator[str]:
    if call.problem:
        yield f"not valid JSON: {call.problem}"
    results = [result for _, result in parse_submissions(call, delivery, settings)]
    for number, (fields, result) in enumerate(zip(call.people, results, strict=False), start=1):
        if len(call.people) > 1:
            yield f"person {number} of {len(call.people)}:"
        match result:
            case Submission():
                yield from _submission_lines(result)
            case Result(error=None):
                yield "the test call that Tilda sends: nothing is stored but the delivery"
            case Result():
                yield f"refused: {result.error.field if result.error else ''}: {result.error}"
        yield from _field_lines(fields)


def _submission_lines(submission: Submission) -> Iterator[str]:
    contact, evidence = submission.contact, submission.evidence
    found = {"phone": contact.phone and contact.phone.e164, "username": contact.username}
    yield f"name      {submission.name or '(none)'}"
    for kind, value in found.items():
        if not value:
            yield f"{kind:<9} (none)"
            continue
        why = evidence[kind]
        shown = f"@{value}" if kind == "username" else value
        yield f"{kind:<9} {shown}  {why['strength']}: {why['reason']}, «{why['field']}»"
    yield f"key       {submission.key or '(the content, within REPEAT_WINDOW_SECONDS)'}"


def _field_lines(fields: Fields) -> Iterator[str]:
    yield "fields:"
    for item in fields:
        value = "***" if is_secret(item) else " ".join(str(item.value).split())
        kind = f" ({item.kind})" if item.kind else ""
        yield f"  {item.title}{kind} = {value[:_MAX_VALUE]}{'…' if len(value) > _MAX_VALUE else ''}"
