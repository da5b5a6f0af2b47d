"""Memory of the API and the worker under a steady flow of complete conversations."""

import asyncio
import time
from collections.abc import Sequence

import httpx2

from benchmarks.harness.bench import Bench, BenchError
from benchmarks.harness.database import run_sql
from benchmarks.harness.postgres import postgres
from benchmarks.harness.processes import Process, api
from benchmarks.harness.running_product import sandbox, worker
from benchmarks.reporting.figures import Figure

LEADS_A_SECOND = 2
CHECK_SECONDS = 0.5
# This first share of the run fills caches and pools, and does not count as growth.
WARM_SHARE = 1 / 3
LOG_EVERY_SECONDS = 60


async def measure(bench: Bench) -> Sequence[Figure]:
    """Runs once for `--soak` seconds on PostgreSQL; each lead is greeted and accepts."""
    async with (
        postgres() as server,
        sandbox(bench.folder) as running_sandbox,
        api(bench.folder, url := server.create()) as (serving, address),
        worker(bench.folder, url, running_sandbox, REPLY_DEBOUNCE_SECONDS="0.5") as working,
    ):
        soak = Soak(bench, {"api": serving, "worker": working})
        await soak.run(running_sandbox.control, address)
        served = int(run_sql(url, "SELECT count(*) FROM leads WHERE status <> 'pending'")[0][0])
    if not served:
        raise BenchError("no lead was served: the memory means nothing")
    return soak.figures(served)


class Soak:
    """Creates the flow of leads, and samples the memory of the processes."""

    def __init__(self, bench: Bench, processes: dict[str, Process]) -> None:
        self._bench = bench
        self._processes = processes
        self._samples: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}

    async def run(self, control: str, address: str) -> None:
        """Create leads and take samples until the time is over."""
        began = time.monotonic()
        async with httpx2.AsyncClient(timeout=20) as client:
            number, logged_at = 0, 0.0
            while (age := time.monotonic() - began) < self._bench.soak_seconds:
                while number < age * LEADS_A_SECOND:
                    await self._lead(client, control, address, number)
                    number += 1
                for name, process in self._processes.items():
                    self._samples[name].append((age, process.rss_mib()))
                if age - logged_at >= LOG_EVERY_SECONDS:
                    logged_at = age
                    held = ", ".join(
                        f"{name} {samples[-1][1]:.1f} MiB" for name, samples in self._samples.items()
                    )
                    self._bench.log(f"memory: {age:.0f} s, {number} leads, {held}")
                await asyncio.sleep(CHECK_SECONDS)

    async def _lead(self, client: httpx2.AsyncClient, control: str, address: str, number: int) -> None:
        name = f"soak_{number}_x"
        person = {"name": "Анна", "username": name, "phone": f"7916{number:07d}"}
        script = {"replies": ["Да, давайте созвонимся"], "delay": 0.2}
        (await client.post(f"{control}/people", json=person | script)).raise_for_status()
        (await client.post(f"{address}/leads", json={"name": "Анна", "username": name})).raise_for_status()

    def figures(self, served: int) -> Sequence[Figure]:
        """Return the memory at the end, and its growth after the warm-up."""
        found: list[Figure] = []
        how = f"{self._bench.soak_seconds:g} s, {served} leads; --soak 3600 for an hour"
        for name, samples in self._samples.items():
            warm = [one for one in samples if one[0] >= self._bench.soak_seconds * WARM_SHARE] or samples
            found.append(Figure(f"memory of the {name} at the end", "MiB", [samples[-1][1]], note=how))
            found.append(Figure(f"growth of the {name} once warm", "MiB an hour", [3600 * slope(warm)]))
        return found


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line through the points; 0 for a single point."""
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else 0.0
