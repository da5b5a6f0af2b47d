"""Whether the product's own queries take as long among millions of leads as among ten thousand."""

import asyncio
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.bench_parts import Bench, BenchError
from benchmarks.everyday_queries import COUNTS, LOOKS, Look, Place, place
from benchmarks.figures import Figure, Ratio, Target, at_most
from benchmarks.postgres import postgres
from benchmarks.query_plans import plans
from benchmarks.seeded_history import fill
from shared.database.engine import Database

FEW, LIVELY = 10_000, 4_000
FLAT = 2
REPEATS = 15
# What a lead takes on the disk, with all that belongs to it and the indexes, and while they are built.
BYTES_A_LEAD = 4_000
# These are thrown away with the server: what a power cut would lose is not waited for.
SETTINGS = {"fsync": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}


async def measure(bench: Bench) -> Sequence[Figure]:
    """Each query in turn on every size, in every round; all are taken back."""
    sizes, lively = ([1_000, 3_000], 400) if bench.smoke else ([FEW, *bench.leads], LIVELY)
    if min(sizes[1:]) < sizes[0]:
        raise BenchError(f"--leads: less than {sizes[0]:,} is nothing to compare with")
    async with postgres(**SETTINGS) as server:
        _see_that_there_is_room(server.folder, sum(sizes))
        urls = {size: server.create() for size in sizes}
        for size, url in urls.items():
            await asyncio.to_thread(fill, url, size, lively=lively, say=bench.say)
        databases = {size: Database(url) for size, url in urls.items()}
        try:
            return await _compare(bench, databases)
        finally:
            for database in databases.values():
                await database.close()


async def _compare(bench: Bench, databases: Mapping[int, Database]) -> Sequence[Figure]:
    places = {size: await place(database, size) for size, database in databases.items()}
    taken: dict[tuple[str, int], list[float]] = {(name, size): [] for name in LOOKS for size in databases}
    for number in range(bench.rounds):
        bench.say(f"scale: round {number + 1}")
        for name, look in LOOKS.items():
            for size, database in databases.items():
                taken[name, size].append(await _take(database, look, places[size], bench))
    if bench.plans:
        kept = {
            f"{size} leads": {
                name: await _plans(database, look, places[size]) for name, look in LOOKS.items()
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
    return None if name in COUNTS else at_most(FLAT)


async def _take(database: Database, look: Look, at: Place, bench: Bench) -> float:
    """Milliseconds, the median of several; the first only warms the caches."""
    times: list[float] = []
    for _ in range(2 if bench.smoke else REPEATS):
        async with AsyncSession(database.engine, expire_on_commit=False) as session:
            began = time.perf_counter()
            await look(session, at)
            times.append(1000 * (time.perf_counter() - began))
            await session.rollback()
        if sum(times) > 1000 * bench.seconds:
            break
    return median(times[1:] or times)


async def _plans(database: Database, look: Look, at: Place) -> Sequence[str]:
    return (await plans(database, lambda session: look(session, at))).splitlines()


def _see_that_there_is_room(folder: Path, leads: int) -> None:
    free, wanted = shutil.disk_usage(folder).free / 2**30, leads * BYTES_A_LEAD / 2**30
    if free < wanted:
        raise BenchError(f"{leads:,} leads take up to {wanted:.0f} GiB in {folder}: {free:.0f} are free")
