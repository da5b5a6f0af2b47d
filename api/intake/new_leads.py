"""New leads, and the deliveries that brought them, in one statement for any number of them.

The rows travel as one JSON text: the statement is the same for one and for a hundred, so it is prepared once,
and a value costs no more than its letters.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_json
from sqlalchemy.engine import Connection

from api.intake.arrival import KeyedSubmission

Key = tuple[str, str]
Ids = Mapping[Key, int]

_TEXTS = ("name", "phone", "phone_e164", "username", "source", "source_key", "fingerprint")
_INTO_LEADS = f"INSERT INTO leads ({', '.join(_TEXTS)}, extra, due_at, created_at, updated_at)"
_UNLESS_KNOWN = "ON CONFLICT (source, source_key) WHERE source_key IS NOT NULL DO NOTHING"
INTO_DELIVERIES = (
    "INSERT INTO webhook_deliveries (source, received_at, content_type, body, charset, outcome, lead_id)"
)

# Its one value is that of for_postgres().
POSTGRES_NEW = f"""
WITH arrived AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS _ (
        {", ".join(f"{name} text" for name in _TEXTS)}, extra text, at timestamptz,
        content_type text, body text, charset text, since timestamptz, until timestamptz
    )
), fresh AS (
    {_INTO_LEADS} SELECT {", ".join(_TEXTS)}, extra::jsonb, at, at, at FROM arrived {_UNLESS_KNOWN}
    RETURNING id, source, source_key
), kept AS (
    {INTO_DELIVERIES} SELECT source, at, content_type, body, charset, 'stored', id
    FROM arrived JOIN fresh USING (source, source_key) WHERE body IS NOT NULL
)"""  # noqa: S608 - nothing but the names above
_POSTGRES = f"{POSTGRES_NEW} SELECT source, source_key, id FROM fresh"  # noqa: S608
_SQLITE_LEADS = f"""
{_INTO_LEADS}
SELECT {", ".join(f"value ->> '{name}'" for name in _TEXTS)}, value ->> 'extra',
       value ->> 'at', value ->> 'at', value ->> 'at'
FROM json_each(?) WHERE TRUE {_UNLESS_KNOWN}
RETURNING source, source_key, id
"""  # noqa: S608
_SQLITE_DELIVERIES = f"""
{INTO_DELIVERIES}
SELECT value ->> 'source', value ->> 'at', value ->> 'content_type', value ->> 'body', value ->> 'charset',
       value ->> 'outcome', value ->> 'id'
FROM json_each(?)
"""  # noqa: S608


def insert_new(connection: Connection, arrivals: Sequence[KeyedSubmission]) -> Ids:
    """Store the leads of those whose key is not known yet, and their deliveries; gives the leads' ids.

    Nothing is stored of the others. No key may come twice. Nothing is committed.
    """
    if connection.dialect.name == "postgresql":
        return _ids(connection.exec_driver_sql(_POSTGRES, (for_postgres(arrivals),)))
    rows = [_row(arrival, zone="") for arrival in arrivals]
    ids = _ids(connection.exec_driver_sql(_SQLITE_LEADS, (_json(rows),)))
    deliver_on_sqlite(connection, [arrival for arrival in arrivals if arrival.key in ids], ids, "stored")
    return ids


def deliver_on_sqlite(
    connection: Connection, arrivals: Sequence[KeyedSubmission], ids: Ids, outcome: str
) -> None:
    """Store the deliveries that brought the leads with these `ids`."""
    rows = [
        {**_row(arrival, zone=""), "id": ids[arrival.key], "outcome": outcome}
        for arrival in arrivals
        if arrival.delivery
    ]
    if rows:
        connection.exec_driver_sql(_SQLITE_DELIVERIES, (_json(rows),))


def for_postgres(arrivals: Sequence[KeyedSubmission], window: timedelta | None = None) -> str:
    """The rows of `arrivals`; with a `window`, also when a known lead must have come to be repeated."""
    rows = [_row(arrival, zone="+00") for arrival in arrivals]
    for arrival, row in zip(arrivals, rows, strict=True):
        if window is not None and (within := arrival.repeat_window(window)):
            row["since"], row["until"] = (_moment(moment, zone="+00") for moment in within)
    return _json(rows)


def _ids(found: Iterable[Any]) -> Ids:
    return {(source, key): lead_id for source, key, lead_id in found}


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
        # As a text of its own: SQLite then keeps it as it is.
        "extra": _json(submission.extra),
        "at": _moment(arrival.at, zone),
    }
    if delivery:
        row |= {"content_type": delivery.content_type, "body": delivery.body, "charset": delivery.charset}
    return row


def _moment(moment: datetime, zone: str) -> str:
    # As SQLAlchemy writes it to SQLite, which has no zones; PostgreSQL is told the zone.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds") + zone


def _json(value: Any) -> str:  # noqa: ANN401 - JSON
    return to_json(value).decode()
