"""Many submissions in one transaction: those that are new leads, and those that plainly repeat one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from api.intake.arrival import KeyedSubmission, Result, lead_values
from api.intake.new_leads import INTO_DELIVERIES, POSTGRES_NEW, Key, deliver_on_sqlite, insert_new
from shared.database.models import Lead
from shared.statuses import LeadStatus

# Whoever is missing in it has to be stored by itself.
Results = Mapping[Key, Result]

LEADS: Table = SQLModel.metadata.tables[str(Lead.__tablename__)]
KNOWN = select(*LEADS.c).where(
    LEADS.c.source == bindparam("source"), LEADS.c.source_key == bindparam("source_key")
)
_COLUMNS = tuple(column.name for column in LEADS.c)

# With LIMIT each is looked for by its key, instead of all leads being held against all that have arrived.
POSTGRES = f"""{POSTGRES_NEW}, known AS MATERIALIZED (
    SELECT lead.* FROM arrived CROSS JOIN LATERAL (
        SELECT * FROM leads WHERE source = arrived.source AND source_key = arrived.source_key LIMIT 1
    ) AS lead
    WHERE (since IS NULL OR lead.created_at > since AND lead.created_at < until)
    AND (lead.source, lead.source_key) NOT IN (SELECT source, source_key FROM fresh)
), kept_again AS (
    {INTO_DELIVERIES} SELECT source, at, content_type, body, charset, 'duplicate', known.id
    FROM arrived JOIN known USING (source, source_key) WHERE body IS NOT NULL
)
SELECT source, source_key, fresh.id, {", ".join(f"known.{name}" for name in _COLUMNS)}
FROM arrived LEFT JOIN fresh USING (source, source_key) LEFT JOIN known USING (source, source_key)
"""  # noqa: S608 - nothing but names


def results_of(arrivals: Sequence[KeyedSubmission], found: Iterable[Sequence[Any]]) -> Results:
    """What POSTGRES says to `arrivals`."""
    by_key = {arrival.key: arrival for arrival in arrivals}
    results: dict[Key, Result] = {}
    for source, key, lead_id, *known in found:
        if lead_id is not None:
            results[source, key] = new(by_key[source, key], lead_id)
        elif known[0] is not None:
            results[source, key] = Result(_lead(known))
    return results


def take_on_sqlite(connection: Connection, arrivals: Sequence[KeyedSubmission], window: timedelta) -> Results:
    """The same there; `window`: for how long the same words from the same person are a repeat."""
    ids = insert_new(connection, arrivals)
    known: dict[Key, Result] = {}
    again = [arrival for arrival in arrivals if arrival.key not in ids]
    for arrival in again:
        source, key = arrival.key
        row = connection.execute(KNOWN, {"source": source, "source_key": key}).first()
        if row is not None and arrival.is_repeat_of(row.created_at, window):
            known[arrival.key] = Result(dict(row._mapping))
    known_ids = {key: result.lead["id"] for key, result in known.items() if result.lead}
    deliver_on_sqlite(connection, [one for one in again if one.key in known_ids], known_ids, "duplicate")
    return {arrival.key: new(arrival, ids[arrival.key]) for arrival in arrivals if arrival.key in ids} | known


def new(arrival: KeyedSubmission, lead_id: int) -> Result:
    """A lead that was not known."""
    return Result(lead_values(arrival) | {"id": lead_id}, created=True)


def _lead(values: Sequence[Any]) -> dict[str, Any]:
    # As SQLAlchemy would give it: moments in UTC.
    lead = dict(zip(_COLUMNS, values, strict=True))
    moments = {name: value.astimezone(UTC) for name, value in lead.items() if isinstance(value, datetime)}
    return lead | moments | {"status": LeadStatus(lead["status"])}
