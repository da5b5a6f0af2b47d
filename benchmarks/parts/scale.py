"""Time of the product's own queries with millions of leads, compared with ten thousand."""

import asyncio
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.harness.bench import Bench, BenchError
from benchmarks.harness.postgres import postgres
from benchmarks.harness.query_plans import explain
from benchmarks.reporting.figures import Figure, Ratio, Target, at_most
from benchmarks.workloads.everyday_queries import COUNTS, QUERIES, Query, QueryTarget, find_target
from benchmarks.workloads.seeded_history import fill
from shared.database.engine import Database

BASE_SIZE, RECENT = 10_000, 4_000
MAX_SLOWDOWN = 2
REPEATS = 15
# Disk space per lead with all its rows and indexes, and while the indexes are built.
BYTES_A_LEAD = 4_000
# The databases are deleted with the server, so durability is not needed.
SETTINGS = {"fsync": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}


async def measure(bench: Bench) -> Sequence[Figure]:
    """Runs each query on every size in every round; all are rolled back."""
    sizes, recent = ([1_000, 3_000], 400) if bench.smoke else ([BASE_SIZE, *bench.leads], RECENT)
    if min(sizes[1:]) < sizes[0]:
        raise BenchError(f"--leads: less than {sizes[0]:,} is too few to compare")
    async with postgres(**SETTINGS) as server:
        check_disk_space(server.folder, sum(sizes))
        urls = {size: server.create() for size in sizes}
        for size, url in urls.items():
            await asyncio.to_thread(fill, url, size, recent=recent, log=bench.log)
        databases = {size: Database(url) for size, url in urls.items()}
        try:
            return await _compare(bench, databases)
        finally:
            for database in databases.values():
                await database.close()


async def _compare(bench: Bench, databases: Mapping[int, Database]) -> Sequence[Figure]:
    targets = {size: await find_target(database, size) for size, database in databases.items()}
    taken: dict[tuple[str, int], list[float]] = {(name, size): [] for name in QUERIES for size in databases}
    for number in range(bench.rounds):
        bench.log(f"scale: round {number + 1}")
        for name, query in QUERIES.items():
            for size, database in databases.items():
                taken[name, size].append(await _measure_query(database, query, targets[size], bench))
    if bench.plans:
        kept = {
            f"{size} leads": {
                name: await _plans(database, query, targets[size]) for name, query in QUERIES.items()
            }
            for size, database in databases.items()
        }
        bench.plans.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    least = min(databases)
    return [
        Figure(
            f"{name}, {size:,} leads",
            "ms",
            samples,
            ratios=() if size == least else (Ratio(f"{name}, {least:,} leads", _target(name)),),
        )
        for (name, size), samples in taken.items()
    ]


def _target(name: str) -> Target | None:
    return None if name in COUNTS else at_most(MAX_SLOWDOWN)


async def _measure_query(database: Database, query: Query, target: QueryTarget, bench: Bench) -> float:
    """Return the median time of several runs in milliseconds; the first run warms the caches."""
    times: list[float] = []
    for _ in range(2 if bench.smoke else REPEATS):
        async with AsyncSession(database.engine, expire_on_commit=False) as session:
            began = time.perf_counter()
            await query(session, target)
            times.append(1000 * (time.perf_counter() - began))
            await session.rollback()
        if sum(times) > 1000 * bench.seconds:
            break
    return median(times[1:] or times)


async def _plans(database: Database, query: Query, target: QueryTarget) -> Sequence[str]:
    return (await explain(database, lambda session: query(session, target))).splitlines()


def check_disk_space(folder: Path, leads: int) -> None:
    """Raise BenchError if so many leads do not fit into the folder."""
    free, wanted = shutil.disk_usage(folder).free / 2**30, leads * BYTES_A_LEAD / 2**30
    if free < wanted:
        raise BenchError(f"{leads:,} leads take up to {wanted:.0f} GiB in {folder}: {free:.0f} are free")
