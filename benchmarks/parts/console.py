"""Time of the console's pages among a million leads, compared with ten thousand, and the api's memory."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from statistics import quantiles
from urllib.parse import quote

import httpx2

from api.console.access import PLAIN_COOKIE
from api.queries.pagination import make_cursor
from benchmarks.harness.bench import Bench, BenchError
from benchmarks.harness.postgres import Postgres, postgres
from benchmarks.harness.processes import api
from benchmarks.parts.scale import SETTINGS, check_disk_space
from benchmarks.reporting.figures import Figure, Ratio, at_most
from benchmarks.workloads.console_history import add_console_history
from benchmarks.workloads.console_queries import explain_all
from benchmarks.workloads.seeded_history import fill

BASE_SIZE, RECENT = 10_000, 4_000
# Milliseconds of an inbox or a lead's page, p95.
LIMIT = 100
REPEATS = 60
FORMS, AT_ONCE = 2_000, 16
MEMORY_MIB = 90
# Live pages while nothing happens: how many, for how long, and the share of a core in percent.
OPEN_PAGES, SETTLE_SECONDS, IDLE_SECONDS = 200, 10, 30
IDLE_SHARE = 10
OVERVIEW = "overview, its figures read"
WEBHOOK = "/leads/webhooks/tilda"

_numbers = count(1)


def _lead(leads: int) -> str:
    """Return the page of another lead each time, all over the table."""
    return f"leads/{1 + next(_numbers) * 7919 % leads}"


# The pages' paths below /console/, for a number of leads.
PAGES: Mapping[str, Callable[[int], str]] = {
    "inbox": lambda _: "",
    "inbox, deep in": lambda leads: f"?cursor={make_cursor(leads // 2)}",
    "inbox, failed ones": lambda _: "?status=failed",
    "inbox, of an account": lambda _: "?account_id=3",
    "inbox, a campaign": lambda _: "?utm=yandex",
    "inbox, an unknown source": lambda _: "?source=nowhere",
    "inbox, a name that many have": lambda _: f"?q={quote('Анна')}",
    "inbox, an unknown name": lambda _: f"?q={quote('Зюзюкин')}",
    "lead": _lead,
    "overview": lambda _: "overview",
}
# The time may grow with the number of leads of the period.
WITHOUT_LIMIT = {"overview", OVERVIEW}


async def measure(bench: Bench) -> Sequence[Figure]:
    """Requests each page in turn on every size, through `python -m api` as users start it."""
    sizes, recent = ([1_000, 3_000], 400) if bench.smoke else ([BASE_SIZE, *bench.leads], RECENT)
    if min(sizes[1:]) < sizes[0]:
        raise BenchError(f"--leads: less than {sizes[0]:,} is too few to compare")
    async with postgres(**SETTINGS) as server:
        memory = await _memory(bench, server)
        check_disk_space(server.folder, sum(sizes))
        cookies: dict[str, tuple[int, str]] = {}
        for size in sizes:
            url = server.create()
            await asyncio.to_thread(fill, url, size, recent=recent, log=bench.log)
            cookies[url] = size, await asyncio.to_thread(add_console_history, url, bench.log)
        idle = await _open_pages(bench, url, cookies[url][1])
        taken: dict[tuple[str, int], list[float]] = {}
        for number in range(bench.rounds):
            bench.log(f"console: round {number + 1}")
            for url, (size, session_id) in cookies.items():
                for name, value in (await _round(bench, url, size, session_id)).items():
                    taken.setdefault((name, size), []).append(value)
        if bench.plans:
            await _write_plans(bench, {size: url for url, (size, _) in cookies.items()})
    return [*_figures(taken), *memory, idle]


async def _round(bench: Bench, url: str, size: int, session_id: str) -> Mapping[str, float]:
    """Return the p95 of each page in milliseconds; the overview's figures are read once by each process."""
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    async with _console(bench, url, session_id) as client:
        await _timed(client, "login")
        overview = await _timed(client, "overview")
        for _ in range(2 if bench.smoke else REPEATS):
            for name, path in PAGES.items():
                times[name].append(await _timed(client, path(size)))
    # The first of each prepares its statements.
    return {OVERVIEW: overview} | {name: p95(all_times[1:]) for name, all_times in times.items()}


@asynccontextmanager
async def _console(bench: Bench, url: str, session_id: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        api(bench.folder, url) as (_, address),
        httpx2.AsyncClient(
            base_url=f"{address}/console/", headers={"Cookie": f"{PLAIN_COOKIE}={session_id}"}, timeout=60
        ) as client,
    ):
        yield client


async def _timed(client: httpx2.AsyncClient, path: str) -> float:
    """Return the milliseconds until the whole page has come."""
    began = time.perf_counter()
    answer = await client.get(path)
    if answer.status_code != 200:
        raise BenchError(f"/console/{path}: {answer.status_code}")
    return 1000 * (time.perf_counter() - began)


def p95(times: Sequence[float]) -> float:
    """Return the time that 95 of 100 requests do not exceed."""
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def _figures(taken: Mapping[tuple[str, int], Sequence[float]]) -> list[Figure]:
    least = min(size for _, size in taken)
    return [
        Figure(
            f"{name}, p95, {size:,} leads",
            "ms",
            samples,
            None if name in WITHOUT_LIMIT else at_most(LIMIT),
            () if size == least else (Ratio(f"{name}, p95, {least:,} leads"),),
        )
        for (name, size), samples in taken.items()
    ]


async def _memory(bench: Bench, server: Postgres) -> Sequence[Figure]:
    """The api's memory after some thousand forms, before and after the console is first opened."""
    forms = 50 if bench.smoke else FORMS
    async with api(bench.folder, server.create()) as (process, address), httpx2.AsyncClient() as client:
        places = asyncio.Semaphore(AT_ONCE)

        async def post(number: int) -> None:
            form = {"Name": "Анна", "Phone": f"+7999{number:07d}", "tranid": str(number)}
            async with places:
                (await client.post(f"{address}{WEBHOOK}", data=form)).raise_for_status()

        await asyncio.gather(*map(post, range(forms)))
        closed = process.rss_mib()
        (await client.get(f"{address}/console/login")).raise_for_status()
        opened = process.rss_mib()
    name = f"memory of the api after {forms:,} forms"
    return [
        Figure(f"{name}, the console never opened", "MiB", [closed], at_most(MEMORY_MIB)),
        Figure(f"{name}, the console opened", "MiB", [opened]),
    ]


async def _open_pages(bench: Bench, url: str, session_id: str) -> Figure:
    """The api's processor time while many pages are open and nothing happens."""
    settle, seconds = (1, 1) if bench.smoke else (SETTLE_SECONDS, IDLE_SECONDS)
    limits = httpx2.Limits(max_connections=OPEN_PAGES)
    headers = {"Cookie": f"{PLAIN_COOKIE}={session_id}", "Accept": "text/event-stream"}
    async with (
        api(bench.folder, url) as (process, address),
        httpx2.AsyncClient(
            base_url=address, headers=headers, limits=limits, timeout=httpx2.Timeout(60, read=None)
        ) as client,
    ):
        pages = [asyncio.create_task(_follow(client)) for _ in range(OPEN_PAGES)]
        await asyncio.sleep(settle)
        began, used = time.perf_counter(), process.cpu_seconds()
        await asyncio.sleep(seconds)
        share = 100 * (process.cpu_seconds() - used) / (time.perf_counter() - began)
        ended = sum(page.done() for page in pages)
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)
    if ended:
        raise BenchError(f"{ended} of {OPEN_PAGES} pages have lost their stream")
    return Figure(f"{OPEN_PAGES} open pages, nothing happens", "% of a core", [share], at_most(IDLE_SHARE))


async def _follow(client: httpx2.AsyncClient) -> None:
    async with client.stream("GET", "/console/events") as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_raw():
            pass


async def _write_plans(bench: Bench, urls: Mapping[int, str]) -> None:
    assert bench.plans is not None  # noqa: S101 - for the type checker
    plans = {f"{size} leads": await explain_all(url, size) for size, url in urls.items()}
    file = bench.plans.with_stem(f"{bench.plans.stem}-console")
    file.write_text(json.dumps(plans, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
