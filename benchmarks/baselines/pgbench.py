"""The intake's rows as pgbench writes them: one statement per transaction."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.workloads.load import Kind

TRANSACTIONS: Mapping[str, str] = {
    "POST /leads": "pgbench -M prepared: one INSERT … RETURNING of the same row, triggers included",
    "Tilda webhook": "pgbench -M prepared: delivery and lead in one statement with a CTE, triggers included",
}

_LEAD = """
INSERT INTO leads (name, phone, phone_e164, source, source_key, fingerprint, status, due_at, attempts,
                   lost_leases, extra, created_at, updated_at)
VALUES ('Анна ' || :n::text, '+7916' || (1000000 + :n::bigint % 9000000),
        '+7916' || (1000000 + :n::bigint % 9000000), '{source}',
        md5(:n::text) || md5(:n::text), md5(:n::text) || md5(:n::text), 'pending', now(), 0, 0,
        jsonb_build_object('comment', 'Нужен сайт ' || :n::text), now(), now())
RETURNING *
"""
_DELIVERY = """
WITH lead AS ({lead})
INSERT INTO webhook_deliveries (source, received_at, content_type, body, charset, outcome, lead_id)
SELECT 'tilda', now(), 'application/x-www-form-urlencoded',
       'Name=%D0%90%D0%BD%D0%BD%D0%B0+' || :n::text || '&Phone=%2B79161234567'
       '&Comments=%D0%A1%D0%B0%D0%B9%D1%82+' || :n::text || '&tranid=' || :n::text
       || '&formid=form1&utm_source=yandex&COOKIES=_ga%3D1', 'utf-8', 'stored', id
FROM lead RETURNING id
"""


def script(folder: Path, kind: Kind) -> Path:
    """Write the script that pgbench runs for each transaction; returns its path."""
    lead = _LEAD.format(source="api" if kind == "json" else "tilda").strip()
    statement = lead if kind == "json" else _DELIVERY.format(lead=lead).strip()
    path = folder / f"{kind}.sql"
    path.write_text(f"\\set n random(1, 1000000000000000)\n{statement};\n", encoding="utf-8")
    return path
