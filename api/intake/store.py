"""Stores submissions exactly once: new leads, repeats of known leads, and the deliveries that brought both.

The rows travel as one JSON parameter. The statement is the same for any number of rows and is prepared once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_json
from sqlalchemy import bindparam, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.intake.submission import KeyedSubmission, Result, lead_values
from shared.database.models import LEADS
from shared.statuses import LeadStatus

Key = tuple[str, str]
Results = Mapping[Key, Result]

_TEXTS = ("name", "phone", "phone_e164", "username", "source", "source_key", "fingerprint")
_COLUMNS = tuple(column.name for column in LEADS.c)
_INTO_LEADS = (
    f"INSERT INTO leads ({', '.join(_TEXTS)}, extra, contact_evidence, due_at, created_at, updated_at)"
)
_UNLESS_KNOWN = "ON CONFLICT (source, source_key) WHERE source_key IS NOT NULL DO NOTHING"
_CALL = ("content_type", "query", "idempotency_key", "body", "charset")
_INTO_DELIVERIES = (
    f"INSERT INTO webhook_deliveries (source, received_at, {', '.join(_CALL)}, outcome, lead_id)"
)

# Its one parameter comes from postgres_parameter(). LIMIT makes the planner look up each key, instead of
# joining all leads with all arrivals; OFFSET does the same for the deliveries of a lead. NOT EXISTS: if the
# connection broke after the commit of the first try, the delivery of a repeat is already recorded.
STORE_ON_POSTGRES = f"""
WITH arrived AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS _ (
        {", ".join(f"{name} text" for name in _TEXTS)}, extra text, contact_evidence text, at timestamptz,
        {", ".join(f"{name} text" for name in _CALL)}, since timestamptz, until timestamptz
    )
), inserted AS (
    {_INTO_LEADS} SELECT {", ".join(_TEXTS)}, extra::jsonb, contact_evidence::jsonb, at, at, at FROM arrived
    {_UNLESS_KNOWN}
    RETURNING id, source, source_key
), new_deliveries AS (
    {_INTO_DELIVERIES} SELECT source, at, {", ".join(_CALL)}, 'stored', id
    FROM arrived JOIN inserted USING (source, source_key) WHERE body IS NOT NULL
), known AS MATERIALIZED (
    SELECT lead.* FROM arrived CROSS JOIN LATERAL (
        SELECT * FROM leads WHERE source = arrived.source AND source_key = arrived.source_key LIMIT 1
    ) AS lead
    WHERE (arrived.source, arrived.source_key) NOT IN (SELECT source, source_key FROM inserted)
), repeat_deliveries AS (
    {_INTO_DELIVERIES} SELECT source, at, {", ".join(_CALL)}, 'duplicate', known.id
    FROM arrived JOIN known USING (source, source_key)
    WHERE body IS NOT NULL AND (since IS NULL OR known.created_at > since AND known.created_at < until)
    AND NOT EXISTS (
        SELECT FROM webhook_deliveries AS stored
        WHERE stored.lead_id = known.id AND stored.received_at = arrived.at AND stored.body = arrived.body
        OFFSET 0
    )
)
SELECT source, source_key, inserted.id, {", ".join(f"known.{name}" for name in _COLUMNS)}
FROM arrived LEFT JOIN inserted USING (source, source_key) LEFT JOIN known USING (source, source_key)
"""  # noqa: S608 - only names of columns are inserted
_SQLITE_LEADS = f"""
{_INTO_LEADS}
SELECT {", ".join(f"value ->> '{name}'" for name in _TEXTS)}, value ->> 'extra', value ->> 'contact_evidence',
       value ->> 'at', value ->> 'at', value ->> 'at'
FROM json_each(?) WHERE TRUE {_UNLESS_KNOWN}
RETURNING source, source_key, id
"""  # noqa: S608
# SQLite does not use the index of the keys for `(source, source_key) IN (…)`.
_SQLITE_KNOWN = text(
    f"""
SELECT {", ".join(f"leads.{name}" for name in _COLUMNS)} FROM json_each(:rows)
JOIN leads ON leads.source = value ->> 'source' AND leads.source_key = value ->> 'source_key'
"""  # noqa: S608
).columns(*LEADS.c)
_SQLITE_DELIVERIES = f"""
{_INTO_DELIVERIES}
SELECT value ->> 'source', value ->> 'at', {", ".join(f"value ->> '{name}'" for name in _CALL)},
       value ->> 'outcome', value ->> 'id'
FROM json_each(?) WHERE value ->> 'outcome' = 'stored' OR NOT EXISTS (
    SELECT 1 FROM webhook_deliveries AS stored WHERE stored.lead_id = value ->> 'id'
    AND stored.received_at = value ->> 'at' AND stored.body = value ->> 'body'
)
"""  # noqa: S608
_RETIRE = (
    update(LEADS)
    .where(LEADS.c.id == bindparam("lead_id"), LEADS.c.source_key == bindparam("old_key"))
    .values(source_key=bindparam("new_key"))
)


class NothingSentError(Exception):
    """The database could not be reached or is locked: nothing was sent; `error` is the reason."""

    def __init__(self, error: SQLAlchemyError) -> None:
        super().__init__(type(error).__name__)
        self.error = error


def store(connection: Connection, arrivals: Sequence[KeyedSubmission], window: timedelta) -> Results:
    """Store the leads and the deliveries of `arrivals`; return the result of each by the key of its arrival.

    Keys must be unique. Nothing is committed. `window`: how long a submission that is keyed by its
    fingerprint is a repeat. `arrival.at` is in the past if a delivery is processed late.
    """
    results: dict[Key, Result] = {}
    remaining = {arrival.key: arrival for arrival in arrivals}
    while remaining:
        found = _insert(connection, list(remaining.values()), window)
        for key, arrival in list(remaining.items()):
            # None: another transaction stored or deleted the lead during the statement.
            if (result := found.get(arrival.key)) is None:
                continue
            if _is_final(arrival, result, window):
                results[key] = result
                del remaining[key]
            else:
                remaining[key] = _free_key(connection, arrival, result.lead or {})
    return results


def results_of(
    arrivals: Sequence[KeyedSubmission], found: Iterable[Sequence[Any]], window: timedelta
) -> Results:
    """Return the results in the rows of STORE_ON_POSTGRES, without leads whose fingerprint has expired."""
    results = _results_by_key(arrivals, found)
    return {
        arrival.key: result
        for arrival in arrivals
        if (result := results.get(arrival.key)) and _is_final(arrival, result, window)
    }


def new_lead_result(arrival: KeyedSubmission, lead_id: int) -> Result:
    """Return the result for a lead that was just inserted."""
    return Result(lead_values(arrival) | {"id": lead_id}, created=True)


def postgres_parameter(arrivals: Sequence[KeyedSubmission], window: timedelta) -> str:
    """Return the parameter of STORE_ON_POSTGRES: the rows, with the repeat window of each."""
    rows = [_row(arrival, zone="+00") for arrival in arrivals]
    for arrival, row in zip(arrivals, rows, strict=True):
        if bounds := arrival.repeat_window(window):
            row["since"], row["until"] = (_moment(moment, zone="+00") for moment in bounds)
    return _json(rows)


def _is_final(arrival: KeyedSubmission, result: Result, window: timedelta) -> bool:
    """True if the lead in `result` is new or repeated; False if its fingerprint has expired."""
    return result.created or result.lead is None or arrival.is_repeat_of(result.lead["created_at"], window)


def _results_by_key(arrivals: Sequence[KeyedSubmission], found: Iterable[Sequence[Any]]) -> Results:
    by_key = {arrival.key: arrival for arrival in arrivals}
    results: dict[Key, Result] = {}
    for source, key, lead_id, *known in found:
        if lead_id is not None:
            results[source, key] = new_lead_result(by_key[source, key], lead_id)
        elif known[0] is not None:
            results[source, key] = Result(_lead(known))
    return results


def _insert(connection: Connection, arrivals: Sequence[KeyedSubmission], window: timedelta) -> Results:
    """Insert new leads and all deliveries; return all leads, also those whose fingerprint has expired."""
    if connection.dialect.name == "postgresql":
        values = (postgres_parameter(arrivals, window),)
        return _results_by_key(arrivals, connection.exec_driver_sql(STORE_ON_POSTGRES, values))
    rows = [_row(arrival, zone="") for arrival in arrivals]
    stored = connection.exec_driver_sql(_SQLITE_LEADS, (_json(rows),))
    ids = {(source, key): lead_id for source, key, lead_id in stored}
    results = {
        arrival.key: new_lead_result(arrival, ids[arrival.key]) for arrival in arrivals if arrival.key in ids
    }
    if others := [arrival.key for arrival in arrivals if arrival.key not in ids]:
        keys = [{"source": source, "source_key": key} for source, key in others]
        for row in connection.execute(_SQLITE_KNOWN, {"rows": _json(keys)}).mappings():
            results[row["source"], row["source_key"]] = Result(dict(row))
    _insert_deliveries_on_sqlite(connection, zip(arrivals, rows, strict=True), results, window)
    return results


def _insert_deliveries_on_sqlite(
    connection: Connection,
    arrived: Iterable[tuple[KeyedSubmission, dict[str, Any]]],
    results: Results,
    window: timedelta,
) -> None:
    rows = [
        {**row, "id": (result.lead or {})["id"], "outcome": result.outcome}
        for arrival, row in arrived
        if arrival.delivery and (result := results.get(arrival.key)) and _is_final(arrival, result, window)
    ]
    if rows:
        connection.exec_driver_sql(_SQLITE_DELIVERIES, (_json(rows),))


def _free_key(connection: Connection, arrival: KeyedSubmission, lead: Mapping[str, Any]) -> KeyedSubmission:
    """Retire the expired fingerprint of `lead`; return the arrival with the key to try next."""
    key = lead["source_key"]
    if lead["created_at"] >= arrival.at:
        # This arrival is processed late and the lead is newer: the newer one keeps the fingerprint.
        late = replace(arrival.submission, key=f"{key}@{arrival.at.isoformat()}")
        return replace(arrival, submission=late)
    # Only one of several transactions retires the key; the others find its lead at their next try.
    keys = {"old_key": key, "new_key": f"{key}@{lead['created_at'].isoformat()}"}
    connection.execute(_RETIRE, {"lead_id": lead["id"], **keys})
    return arrival


def _row(arrival: KeyedSubmission, zone: str) -> dict[str, Any]:
    submission, delivery = arrival.submission, arrival.delivery
    phone = submission.contact.phone
    row = {
        "name": submission.name,
        "phone": phone and phone.digits,
        "phone_e164": phone and phone.e164,
        "username": submission.contact.username,
        "source": submission.source,
        "source_key": submission.key,
        "fingerprint": submission.fingerprint,
        # Encoded twice: SQLite then stores this text unchanged.
        "extra": _json(submission.extra),
        "contact_evidence": _json(submission.evidence),
        "at": _moment(arrival.at, zone),
    }
    if delivery:
        row |= {name: getattr(delivery, name) for name in _CALL}
    return row


def _lead(values: Sequence[Any]) -> dict[str, Any]:
    # As SQLAlchemy would return it: times in UTC.
    lead = dict(zip(_COLUMNS, values, strict=True))
    moments = {name: value.astimezone(UTC) for name, value in lead.items() if isinstance(value, datetime)}
    return lead | moments | {"status": LeadStatus(lead["status"])}


def _moment(moment: datetime, zone: str) -> str:
    # As SQLAlchemy writes it to SQLite, which has no zones; PostgreSQL needs the zone.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") + zone


def _json(value: Any) -> str:  # noqa: ANN401 - JSON
    return to_json(value).decode()
