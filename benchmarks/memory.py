"""Whether the api and the worker keep their memory under a steady flow of whole conversations."""

import asyncio
import time
from collections.abc import Sequence

import httpx2

from benchmarks.bench_parts import Bench, BenchError
from benchmarks.database import rows
from benchmarks.figures import Figure
from benchmarks.postgres import postgres
from benchmarks.processes import Process, api
from benchmarks.running_product import sandbox, worker

LEADS_A_SECOND = 2
LOOK_SECONDS = 0.5
# The first part fills caches and pools.
WARM_SHARE = 1 / 3
TOLD_EVERY_SECONDS = 60


async def measure(bench: Bench) -> Sequence[Figure]:
    """One soak of `--soak` seconds on PostgreSQL; each lead is greeted and says yes."""
    async with (
        postgres() as server,
        sandbox(bench.folder) as beside,
        api(bench.folder, url := server.create()) as (serving, address),
        worker(bench.folder, url, beside, REPLY_DEBOUNCE_SECONDS="0.5") as working,
    ):
        soak = Soak(bench, {"api": serving, "worker": working})
        await soak.run(beside.control, address)
        served = int(rows(url, "SELECT count(*) FROM leads WHERE status <> 'pending'")[0][0])
    if not served:
        raise BenchError("no lead was served: there was nothing to remember")
    return soak.figures(served)


class Soak:
    """The flow, and what the processes held meanwhile."""

    def __init__(self, bench: Bench, processes: dict[str, Process]) -> None:
        self._bench = bench
        self._processes = processes
        self._seen: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}

    async def run(self, control: str, address: str) -> None:
        """So long."""
        began = time.monotonic()
        async with httpx2.AsyncClient(timeout=20) as client:
            number, told = 0, 0.0
            while (age := time.monotonic() - began) < self._bench.soak_seconds:
                while number < age * LEADS_A_SECOND:
                    await self._lead(client, control, address, number)
                    number += 1
                for name, process in self._processes.items():
                    self._seen[name].append((age, process.rss_mib()))
                if age - told >= TOLD_EVERY_SECONDS:
                    told = age
                    held = ", ".join(f"{name} {seen[-1][1]:.1f} MiB" for name, seen in self._seen.items())
                    self._bench.say(f"memory: {age:.0f} s, {number} leads, {held}")
                await asyncio.sleep(LOOK_SECONDS)

    async def _lead(self, client: httpx2.AsyncClient, control: str, address: str, number: int) -> None:
        name = f"soak_{number}_x"
        person = {"name": "Анна", "username": name, "phone": f"7916{number:07d}"}
        script = {"replies": ["Да, давайте созвонимся"], "delay": 0.2}
        (await client.post(f"{control}/people", json=person | script)).raise_for_status()
        (await client.post(f"{address}/leads", json={"name": "Анна", "username": name})).raise_for_status()

    def figures(self, served: int) -> Sequence[Figure]:
        """What was held at the end, and how it grew once it was warm."""
        found: list[Figure] = []
        how = f"{self._bench.soak_seconds:g} s, {served} leads; --soak 3600 for an hour"
        for name, seen in self._seen.items():
            warm = [one for one in seen if one[0] >= self._bench.soak_seconds * WARM_SHARE] or seen
            found.append(Figure(f"memory of the {name} at the end", "MiB", [seen[-1][1]], note=how))
            found.append(Figure(f"growth of the {name} once warm", "MiB an hour", [3600 * slope(warm)]))
        return found


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that lies closest to the points; 0 if there is but one."""
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else 0.0
